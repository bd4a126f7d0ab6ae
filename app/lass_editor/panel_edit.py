"""Saying the edit: the instruction box, what was understood, and the list of what was done."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from lass.edit import Effect, Operation, describe, read_instruction
from lass.errors import LassError
from lass_editor.state import Visit, start

if TYPE_CHECKING:
    from lass.edit.parsing import Leftover
    from lass_editor.workspace import Workspace

__all__ = ["begin_apply", "show_edit"]


def show_edit(own: Visit, work: Workspace) -> None:
    """Ask for an instruction, and list what is in force."""
    left, right = st.columns([1, 1], gap="large")
    with left:
        _instruction(own, work)
    with right:
        _operations(own, work)


def begin_apply(own: Visit, work: Workspace, operations: list[Operation]) -> None:
    """Do operations in the background."""

    def run(on_progress: Callable[[str, float], None]) -> None:
        work.apply(operations, on_progress)

    def tell(_: object) -> None:
        for warning in work.new_warnings():
            own.say("warning", warning[:1].upper() + warning[1:] + ".")

    start("Editing", run, tell)


# ---- the instruction


def _instruction(own: Visit, work: Workspace) -> None:
    text = st.text_area(
        "Say what shall be different",
        placeholder="remove the dog, make the violin warmer and 3 dB louder, fade out the last 2 s",
        key="instruction",
        height=80,
        help="Ctrl+Enter reads it. Nothing is done before you press Apply.",
    )
    if not text.strip():
        st.caption(
            "For example: *make the violin warmer* · *piano 3 dB softer from 3 to 5 s* · "
            "*keep only the voice* · *move the guitar to the left* · *fade out the last 2 seconds*"
        )
        return
    try:
        read = read_instruction(text)
    except LassError as error:
        st.warning(str(error))
        return
    operations = list(read.operations)
    if work.region is not None:
        only = st.checkbox(
            f"Only in the selection, {work.region.start_s:.2f} to {work.region.end_s:.2f} s",
            value=True,
            key="in_region",
        )
        operations = work.with_region(operations) if only else operations
    if operations:
        st.markdown("**This will be done:**")
        st.markdown(
            "\n".join(f"{n}. {_plain(describe(one))}" for n, one in enumerate(operations, 1))
        )
    if read.leftovers:
        st.html(_marked(text, list(read.leftovers)))
    st.button(
        "Apply" if operations else "Nothing to apply",
        key="apply",
        type="primary",
        disabled=own.busy or not operations,
        on_click=_apply,
        args=(own, work, operations),
    )


def _apply(own: Visit, work: Workspace, operations: list[Operation]) -> None:
    st.session_state["instruction"] = ""
    begin_apply(own, work, operations)


def _marked(text: str, leftovers: list[Leftover]) -> str:
    """The sentence with what was not understood marked, and why."""
    parts, at = [], 0
    for one in sorted(leftovers, key=lambda leftover: leftover.start):
        parts.append(escape(text[at : one.start]))
        parts.append(
            '<mark style="background:#F0E442;color:#222;padding:0 .2em;border-radius:3px">'
            f"{escape(text[one.start : one.end])}</mark>"
        )
        at = one.end
    parts.append(escape(text[at:]))
    hints = "".join(f"<li>{escape(one.hint)}</li>" for one in leftovers if one.hint)
    return (
        '<div role="status"><strong>Not understood:</strong> '
        f"{''.join(parts)}<ul>{hints}</ul></div>"
    )


# ---- what is in force


def _operations(own: Visit, work: Workspace) -> None:
    steps = work.session.steps
    st.markdown("**What is done**")
    if not steps:
        st.caption("Nothing yet. The recording is as it was.")
        return
    for place, step in enumerate(steps):
        row = st.container(horizontal=True, vertical_alignment="center", gap="small")
        text = _plain(describe(step.operation))
        if isinstance(step.operation, Effect) and step.chain is not None:
            text += " (adjusted)"
        row.markdown(f"{place + 1}\\. {text if step.enabled else f'~~{text}~~'}", width="stretch")
        row.button(
            "Bypass" if step.enabled else "Use", key=f"bypass-{place}", type="tertiary",
            disabled=own.busy, on_click=_bypass, args=(own, work, place),
            help="Leave it out for now" if step.enabled else "Do it again",
        )  # fmt: skip
        row.button(
            "Remove", key=f"remove-{place}", type="tertiary",
            disabled=own.busy, on_click=_remove, args=(own, work, place),
            help=f"Remove number {place + 1}",
        )  # fmt: skip
    command = work.session.command()
    if command:
        with st.expander("The same as a command"):
            st.code(command, language="bash", wrap_lines=True)


def _bypass(own: Visit, work: Workspace, place: int) -> None:
    _safely(own, lambda: work.session.set_enabled(place, not work.session.enabled[place]))


def _remove(own: Visit, work: Workspace, place: int) -> None:
    _safely(own, lambda: work.session.remove(place))


def _safely(own: Visit, act: Callable[[], None]) -> None:
    own.notes.clear()
    try:
        act()
    except LassError as error:
        own.say("error", str(error))


def _plain(text: str) -> str:
    """Text that Markdown leaves alone."""
    return "".join(
        f"\\{letter}" if letter in "\\`*_{}[]()#+-.!|<>~$:" else letter for letter in text
    )
