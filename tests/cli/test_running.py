"""What every command does to its process."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource, subprocess, sys
import numpy as np
from lass.cli.running import run

def pages_fetched():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(16 << 20, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def command(**options):
    first, second = pages_fetched(), pages_fetched()
    print(first, second)

def starts_another(**options):
    subprocess.run([sys.executable, "-c", sys.argv[2], "plain"], check=True)

if sys.argv[1] == "plain":
    command()
else:
    run(command if sys.argv[1] == "run" else starts_another, name="test")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts pages as Linux does")
def test_freed_memory_is_used_again():
    # Commands that ran in this very process have left their mark on it.
    clean = {name: value for name, value in os.environ.items() if "MALLOC" not in name}

    def fetched(way):
        made = subprocess.run(
            [sys.executable, "-c", PROGRAM, way, PROGRAM],
            capture_output=True,
            text=True,
            check=True,
            env=clean,
        )
        return [int(number) for number in made.stdout.split()]

    for way in ("run", "child"):
        first, second = fetched(way)
        assert first > 100  # fresh pages, small or huge ones
        assert second < first / 10
    first, untouched = fetched("plain")  # its own pages: another process may get them larger
    assert untouched > first / 10  # or there would be nothing to gain
