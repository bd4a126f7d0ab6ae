"""Opening a recording: from the disk, from the microphone, or from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from lass_editor.panel_model import choose
from lass_editor.state import Visit, shared_model, start
from lass_editor.uploads import LARGEST_MB, SUFFIXES, Folder, plain_name
from lass_editor.workspace import Workspace

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["close_work", "open_path", "show_welcome"]


def show_welcome(own: Visit) -> None:
    """Ask for a recording."""
    _, middle, _ = st.columns([1, 3, 1])
    with middle:
        st.title("Say what you want to hear")
        st.markdown(
            "Open a recording, name the sounds in it, and change each of them. "
            "Everything stays on this computer."
        )
        number = own.uploads
        file = st.file_uploader(
            f"A recording: {', '.join(SUFFIXES[:5])} or aiff, at most {LARGEST_MB} MB",
            type=list(SUFFIXES),
            max_upload_size=LARGEST_MB,
            key=f"file-{number}",
        )
        spoken = st.audio_input("Or record one", sample_rate=48000, key=f"recording-{number}")
        example = _example()
        if example is not None:
            st.button(
                "Try the example: a violin, drums and a voice",
                key="example", icon=":material/music_note:",
                on_click=open_path, args=(own, example),
            )  # fmt: skip
        with st.expander("Continue a project, and other options"):
            project = st.file_uploader(
                "A project (.lassproj): choose it first, and then its recording above",
                type=["lassproj", "json"],
                max_upload_size=1,
                key=f"project-{number}",
            )
            to_stereo = st.checkbox(
                "Make a mono recording stereo, so that sounds can be moved left and right",
                key="to_stereo",
            )
            own.choice = choose(own.choice, own.told)
        given = file or spoken
        if given is not None:
            name = file.name if file is not None else "my recording.wav"
            _open_upload(own, given, name=name, project=project, to_stereo=to_stereo)
            st.rerun()


def open_path(own: Visit, path: Path) -> None:
    """Open a file of this computer, which whoever started the editor has named."""
    _begin(own, path.name, lambda folder: (path, None), to_stereo=False)


def close_work(own: Visit) -> None:
    """Close the recording."""
    own.close()
    own.notes.clear()
    own.uploads += 1
    for key in ("deck", "instruction", "queries", "made"):
        st.session_state.pop(key, None)


def _open_upload(
    own: Visit, file: UploadedFile, *, name: str, project: UploadedFile | None, to_stereo: bool
) -> None:
    data = file.getvalue()
    told = None if project is None else project.getvalue()

    def keep(folder: Folder) -> tuple[Path, Path | None]:
        path = folder.keep(data, name=name)
        if told is None:
            return path, None
        beside = folder.path / "project.lassproj"
        beside.write_bytes(told)
        return path, beside

    own.uploads += 1  # Streamlit can let go of the upload: it is on the disk now
    _begin(own, plain_name(name), keep, to_stereo=to_stereo)


def _begin(
    own: Visit,
    name: str,
    find: Callable[[Folder], tuple[Path, Path | None]],
    *,
    to_stereo: bool,
) -> None:
    choice = own.choice
    model = shared_model(choice)

    def load(on_progress: Callable[[str, float], None]) -> Workspace:
        folder = Folder()
        try:
            path, project = find(folder)
            return Workspace.load(
                path,
                name=name,
                folder=folder,
                model=model.get,
                choice=choice,
                to_stereo=to_stereo,
                project=project,
                on_progress=on_progress,
            )
        except BaseException:
            folder.close()
            raise

    def take(work: Workspace) -> None:
        own.work = work

    start(f"Opening {name}", load, take)


def _example() -> Path | None:
    """The example, which is there in a checkout."""
    path = Path(__file__).resolve().parents[2] / "examples" / "duet.wav"
    return path if path.is_file() else None
