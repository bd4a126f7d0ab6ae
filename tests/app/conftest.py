"""The editor's modules, a recording, and a session on the tiny separator."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "app"


@pytest.fixture(scope="session", autouse=True)
def _editor_on_path():
    """As Streamlit does with the folder of the script that it runs."""
    sys.path.insert(0, str(APP))
    yield
    sys.path.remove(str(APP))


@pytest.fixture(autouse=True)
def _own_main():
    """Streamlit puts its script in the place of the main module; spawned processes need ours."""
    held = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = held


@pytest.fixture
def recording(tmp_path, sound):
    """A stereo file of 3 s."""
    from lass.audio import write

    path = tmp_path / "street.wav"
    write(path, sound(8000, channels=2, seconds=3.0), sample_rate=8000, subtype="PCM_16")
    return path


@pytest.fixture
def work(recording, separator):
    """One user's work."""
    from lass_editor.uploads import Folder
    from lass_editor.workspace import Workspace

    made = Workspace.load(
        recording, name="Street & dog.wav", folder=Folder(), model=lambda: separator
    )
    yield made
    made.close()
