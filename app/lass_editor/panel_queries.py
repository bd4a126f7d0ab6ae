"""Naming sounds: words, what was asked before, and what seems to be there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from lass_editor.state import Visit, start
from lass_editor.suggesting import suggest

if TYPE_CHECKING:
    from lass_editor.workspace import Workspace

__all__ = ["queries_in", "show_queries"]

_LONGEST = 200
_MOST = 8


def queries_in(text: str) -> list[str]:
    """Split what a user typed into queries.

    Args:
        text: words, several sounds with commas, semicolons or lines between them.

    Returns:
        The queries, each once and in order, at most eight.

    Example:
        >>> queries_in(" Violin, piano;; violin")
        ['violin', 'piano']
    """
    words = (" ".join(part.split())[:_LONGEST].lower() for part in re.split(r"[,;\n]", text))
    return list(dict.fromkeys(word for word in words if word))[:_MOST]


def show_queries(own: Visit, work: Workspace) -> None:
    """Ask which sounds shall have strips of their own."""
    with st.form("queries-form", border=False, clear_on_submit=True):
        row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        text = row.text_input(
            "Which sounds do you want to have by themselves?",
            placeholder="violin, dog barking, rain …",
            key="queries",
        )
        asked = row.form_submit_button("Separate", type="primary", disabled=own.busy)
    if asked and not own.busy:
        wanted = queries_in(text)
        if wanted:
            _separate(own, work, wanted)
            st.rerun()
        st.warning('Say what you want to hear, such as "violin" or "dog barking, rain".')
    _suggestions(own, work)


def _separate(own: Visit, work: Workspace, queries: list[str]) -> None:
    def run(on_progress: Callable[[str, float], None]) -> list[str]:
        return work.separate(queries, on_progress)

    def tell(new: list[str]) -> None:
        if not new:
            own.say("warning", f"{', '.join(queries)}: there already.")
        for warning in work.new_warnings():
            own.say("warning", warning[:1].upper() + warning[1:] + ". Try other words.")

    start("Separating", run, tell)


def _suggestions(own: Visit, work: Workspace) -> None:
    known = set(work.session.parts)
    guessed = {f"{label} {score:.2f}": label for label, score in work.suggestions or ()}
    old = {query: query for query in work.history if query not in known}
    options = {**guessed, **old}
    options = {shown: query for shown, query in options.items() if query not in known}
    if work.suggestions is None and not options:
        st.button(
            "What is in it?", key="suggest", type="tertiary", icon=":material/hearing:",
            disabled=own.busy, on_click=_suggest, args=(work,),
            help="Listen for common sounds in the loudest ten seconds. Takes a while.",
        )  # fmt: skip
        return
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    if options:
        key = f"pills-{len(work.session.steps)}-{len(options)}"
        chosen = row.pills(
            "Suggestions", list(options), key=key, label_visibility="collapsed",
            disabled=own.busy, width="content",
        )  # fmt: skip
        if chosen is not None and not own.busy:
            _separate(own, work, [options[chosen]])
            st.rerun()
    elif work.suggestions is not None and not known:
        row.caption("None of the usual sounds was recognised. Your own words may work.")
    if work.suggestions is None:
        row.button(
            "What is in it?", key="suggest", type="tertiary", icon=":material/hearing:",
            disabled=own.busy, on_click=_suggest, args=(work,),
            help="Listen for common sounds in the loudest ten seconds. Takes a while.",
        )  # fmt: skip


def _suggest(work: Workspace) -> None:
    def run(on_progress: Callable[[str, float], None]) -> list[tuple[str, float]]:
        return suggest(work.session, work.separator, on_progress=on_progress)

    def take(found: list[tuple[str, float]]) -> None:
        work.suggestions = found

    start("Listening", run, take)
