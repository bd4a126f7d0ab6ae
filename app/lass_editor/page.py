"""The page: from opening a recording to taking the result away."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from lass.edit import Span
from lass.errors import LassError
from lass.zoo.fitting import check
from lass_editor import bundle
from lass_editor.choosing import given
from lass_editor.deck_data import deck_data
from lass_editor.panel_edit import show_edit
from lass_editor.panel_effects import show_effects
from lass_editor.panel_export import show_export
from lass_editor.panel_load import open_path, show_welcome
from lass_editor.panel_queries import show_queries
from lass_editor.state import Visit, publish, shared_model, start, visit

if TYPE_CHECKING:
    from lass_editor.workspace import Workspace

__all__ = ["main"]

_STYLE = """<style>
.stMainBlockContainer { padding: 1.4rem 2rem 4rem; max-width: 1500px; }
header.stAppHeader { background: transparent; pointer-events: none; }
header.stAppHeader * { pointer-events: auto; }
@media (max-width: 640px) { .stMainBlockContainer { padding: 2.6rem .8rem 4rem; } }
.lass-title { font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; }
.lass-title span { font-weight: 400; opacity: .75; font-size: .9rem; white-space: nowrap; }
</style>"""
_SCRIPT = "editor.py"
_STAGES = {
    "reading": "Reading the recording",
    "separating": "Separating",
    "finding effects": "Finding effect settings",
    "rendering": "Rendering",
    "drawing": "Preparing sound and pictures",
    "writing": "Writing files",
    "listening": "Listening",
}


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title="lass editor", page_icon="🎚️", layout="wide")
    st.html(_STYLE)
    own = visit()
    if own.job is not None and own.job.done:
        own.finish()
    _open_given(own)
    shared_model(own.choice)
    # What comes and goes has a place of its own, or the tabs below would start anew each time.
    with st.container():
        _notes(own)
    if own.work is None:
        _job(own)
        if not own.busy:
            show_welcome(own)
        return
    work = own.work
    _hear_deck(own, work)
    _header(own, work)
    with st.container():
        show_queries(own, work)
    with st.container():
        _job(own)
    _deck(own, work)
    edit, effects, export = st.tabs(["Edit by words", "Effects", "Export and project"], key="tabs")
    with edit:
        show_edit(own, work)
    with effects:
        show_effects(own, work)
    with export:
        show_export(own, work)


def _open_given(own: Visit) -> None:
    """Open the recording of the command line, once for each visitor."""
    if own.start_path is not None or own.work is not None or own.busy:
        return
    # Streamlit gives its script the arguments after `--`, and itself as the first.
    arguments = sys.argv[1:] if Path(sys.argv[0]).name == _SCRIPT else []
    own.start_path, recording, wrong = Path(), None, ""
    try:
        choice, recording = given(arguments)
        check(choice.model, encoder=choice.encoder)
    except LassError as error:
        wrong = f"{error} (the model default is used)"
    else:
        own.choice = own.told = choice
    if recording is not None:
        own.start_path = recording
        open_path(own, recording)
    if wrong:
        own.say("error", wrong)


def _notes(own: Visit) -> None:
    for kind, text in own.notes:
        {"error": st.error, "warning": st.warning, "success": st.success}[kind](text)


def _header(own: Visit, work: Workspace) -> None:
    from lass_editor.panel_load import close_work

    session = work.session
    kind = {1: "mono", 2: "stereo"}.get(session.channels, f"{session.channels} channels")
    minutes, seconds = divmod(session.duration_s, 60.0)
    name = _plain(work.name)
    model = "" if session.model == "default" else f" · {_plain(Path(session.model).name)}"
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.html(
        f'<div class="lass-title">{name} <span>{int(minutes)}:{seconds:04.1f} · {kind} · '
        f"{session.sample_rate / 1000:g} kHz{model}</span></div>"
    )
    row.button(
        "Undo", icon=":material/undo:", key="undo", on_click=_undo, args=(own,),
        disabled=own.busy or not session.can_undo, help="Take back the last change",
    )  # fmt: skip
    row.button(
        "Redo", icon=":material/redo:", key="redo", on_click=_redo, args=(own,),
        disabled=own.busy or not session.can_redo, help="Do again what was taken back",
    )  # fmt: skip
    row.button(
        "Close", icon=":material/close:", key="close", on_click=close_work, args=(own,),
        disabled=own.busy, help="Close this recording and open another",
    )  # fmt: skip


def _plain(text: str) -> str:
    """Text that HTML leaves alone."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _undo(own: Visit) -> None:
    assert own.work is not None
    own.notes.clear()
    own.work.session.undo()


def _redo(own: Visit) -> None:
    assert own.work is not None
    own.notes.clear()
    own.work.session.redo()


# ---- the deck


def _hear_deck(own: Visit, work: Workspace) -> None:
    """Take over what was done on the deck since the last run."""
    told: Any = st.session_state.get("deck") or {}
    mix, region, cut = told.get("mix"), told.get("region"), told.get("cut")
    name = work.identity
    if region and region.get("recording") == name:
        span = region.get("span")
        work.region = Span(round(span["start_s"], 3), round(span["end_s"], 3)) if span else None
    if own.busy:
        return  # the changes stay where they are, and are taken over by the run after the job
    if mix and mix.get("recording") == name:
        for sentence in work.take_changes(mix):
            own.say("error", sentence)
    if cut:
        try:
            work.cut(str(cut["strip"]), Span(round(cut["start_s"], 3), round(cut["end_s"], 3)))
        except LassError as error:
            own.say("error", str(error))


def _deck(own: Visit, work: Workspace) -> None:
    if work.stale and not own.busy:
        start("Updating the strips", work.refresh)
        st.rerun()
    deck = st.components.v2.component("lass_deck", js=bundle.script(), css=bundle.style())
    deck(
        key="deck",
        data=deck_data(work, publish),
        on_mix_change=_nothing,
        on_region_change=_nothing,
        on_cut_change=_nothing,
    )


def _nothing() -> None:
    """The next run reads what the deck says."""


# ---- long work


def _job(own: Visit) -> None:
    if own.job is not None:
        _show_job(own)


@st.fragment(run_every=0.6)
def _show_job(own: Visit) -> None:
    """Progress, time left, and a way to stop; runs by itself until the work is done."""
    job = own.job
    if job is None or job.done:
        st.rerun()
        return
    left_s = job.left_s
    stage = _STAGES.get(job.stage, job.title)
    time = "" if left_s is None or left_s < 1 else f" · about {left_s:.0f} s left"
    bar, stop = st.columns([6, 1], vertical_alignment="bottom")
    text = "Stopping …" if job.cancelled else f"{stage}{time}"
    bar.progress(job.share, text=text)
    stop.button("Stop", key="stop", on_click=job.cancel, width="stretch", disabled=job.cancelled)
