"""What every command does to its process."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource, sys
import numpy as np
from lass.cli.running import run

def pages_fetched():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(16 << 20, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def command(**options):
    first, second = pages_fetched(), pages_fetched()
    print(first, second)

if sys.argv[1] == "run":
    run(command, name="test")
else:
    command()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts pages as Linux does")
def test_freed_memory_is_used_again():
    def fetched(way):
        made = subprocess.run(
            [sys.executable, "-c", PROGRAM, way], capture_output=True, text=True, check=True
        )
        return [int(number) for number in made.stdout.split()]

    first, second = fetched("run")
    assert first > 100  # fresh pages, small or huge ones
    assert second < first / 10
    _, untouched = fetched("plain")
    assert untouched > first / 10  # or there would be nothing to gain
