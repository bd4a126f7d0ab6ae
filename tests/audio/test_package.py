import subprocess
import sys

import lass.audio


def test_names_are_sorted_and_exist():
    assert lass.audio.__all__ == sorted(lass.audio.__all__)
    for name in lass.audio.__all__:
        assert hasattr(lass.audio, name)


def test_importing_does_no_work():
    code = (
        "import sys, lass.audio;"
        "heavy = {'torch', 'soundfile', 'soxr', 'scipy'} & set(sys.modules);"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
