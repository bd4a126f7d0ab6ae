"""Taking the result away: files in a zip, and the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from lass_editor.packing import DEPTHS, FORMATS, Wanted, pack, project_text
from lass_editor.state import Visit, start
from lass_editor.uploads import plain_name

if TYPE_CHECKING:
    from pathlib import Path

    from lass_editor.workspace import Workspace

__all__ = ["show_export"]

_WHAT = {"mix": "The edited mix", "parts": "Each strip", "rest": "Everything else"}
_RATES = {"As it is": None, "44.1 kHz": 44100, "48 kHz": 48000, "32 kHz": 32000, "16 kHz": 16000}


def show_export(own: Visit, work: Workspace) -> None:
    """Ask what is wanted, make it, and hand it out."""
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        _files(own, work)
    with right:
        _project(work)


def _files(own: Visit, work: Workspace) -> None:
    st.markdown("**Files**")
    what = st.pills(
        "What", list(_WHAT), selection_mode="multi", default=["mix"], format_func=_WHAT.get,
        key="export_what",
    )  # fmt: skip
    first, second, third = st.columns(3)
    form = first.selectbox("Format", FORMATS, key="export_format")
    depth = second.selectbox("Bit depth", list(DEPTHS[form]), key=f"export_depth_{form}")
    rate = third.selectbox("Sample rate", list(_RATES), key="export_rate")
    span = None
    if work.region is not None and st.checkbox(
        f"Only the selection, {work.region.start_s:.2f} to {work.region.end_s:.2f} s",
        key="export_region",
    ):
        span = work.region
    if work.solos:
        st.caption("Solo is for listening only: files are made from all strips that are not muted.")
    wanted = Wanted(
        tuple(one for one in _WHAT if one in (what or ())),
        form,
        DEPTHS[form][depth],
        _RATES[rate],
        span,
    )
    st.button(
        "Make the files", key="make", type="primary", disabled=own.busy or not wanted.what,
        on_click=_make, args=(own, work, wanted),
    )  # fmt: skip
    made = work.made
    if made is not None and not own.busy:
        stale = made.steps != work.session.steps
        st.download_button(
            f"Download the zip ({made.path.stat().st_size / 2**20:.1f} MB)",
            data=_reader(made.path),
            file_name=f"{plain_name(work.stem)}.zip",
            mime="application/zip",
            icon=":material/download:",
            key="download",
            on_click="ignore",
        )
        if made.gain_db:
            st.caption(f"All files were turned down by {-made.gain_db:.1f} dB so that none clips.")
        if stale:
            st.caption("These files are older than your last change: make them again.")


def _make(own: Visit, work: Workspace, wanted: Wanted) -> None:
    def run(on_progress: Callable[[str, float], None]) -> None:
        work.made = pack(work, wanted, on_progress=on_progress)

    start("Making the files", run)


def _reader(path: Path) -> Callable[[], bytes]:
    return path.read_bytes


def _project(work: Workspace) -> None:
    st.markdown("**Project**")
    st.caption(
        "What you did, without any sound: a small file. To go on later, open the recording and "
        "the project together."
    )
    st.download_button(
        "Save the project",
        data=lambda: project_text(work),
        file_name=f"{plain_name(work.stem)}.lassproj",
        mime="application/json",
        icon=":material/save:",
        key="save",
        on_click="ignore",
    )
