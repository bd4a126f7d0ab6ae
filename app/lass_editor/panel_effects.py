"""Effects by words: say how a strip shall sound, see what was decided, and change it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from lass.cli.fx_plot import picture
from lass.edit import EVERYTHING, Effect, describe
from lass.errors import LassError
from lass_editor.deck_data import strip_name
from lass_editor.panel_edit import begin_apply
from lass_editor.state import Visit

if TYPE_CHECKING:
    from lass.edit import Target
    from lass.fx import Chain, Parameter
    from lass_editor.workspace import Workspace

__all__ = ["show_effects"]

_POSITIONS = 101


def show_effects(own: Visit, work: Workspace) -> None:
    """Ask for words, and show all effects with their settings."""
    strips = work.strips
    names = {
        strip_name(strip, len(strips)): strip.target for strip in strips if strip.target is not None
    }
    targets: dict[str, Target] = {**names, "everything": EVERYTHING}
    with st.form("effect-form", border=False):
        who, how, much, go = st.columns([1.6, 3, 1.6, 1.1], vertical_alignment="bottom")
        name = who.selectbox("What", list(targets), key="effect_target")
        words = how.text_input(
            "How it shall sound", placeholder="warmer · like a telephone · in a church", key="words"
        )
        amount = much.slider("How much", 0.0, 2.0, 1.0, 0.05, key="effect_amount", format="%.2f")
        asked = go.form_submit_button("Add", width="stretch", disabled=own.busy)
    if asked and words.strip() and not own.busy:
        effect = Effect(targets[name], None, words=" ".join(words.lower().split()), amount=amount)
        begin_apply(own, work, work.with_region([effect]))
        st.rerun()
    if work.region is not None:
        st.caption(
            f"A new effect is for the selection, {work.region.start_s:.2f} to "
            f"{work.region.end_s:.2f} s."
        )
    places = [n for n, step in enumerate(work.session.steps) if isinstance(step.operation, Effect)]
    if not places:
        st.caption("No effects yet. Words set an equaliser and a reverb, which you can adjust.")
    for place in places:
        _effect(own, work, place, opened=place == places[-1])


def _effect(own: Visit, work: Workspace, place: int, *, opened: bool) -> None:
    step = work.session.steps[place]
    effect = step.operation
    assert isinstance(effect, Effect)
    title = describe(effect) + ("" if step.enabled else " (bypassed)")
    with st.expander(title, expanded=opened):
        if own.busy:
            st.caption("One moment …")
            return
        chain = step.chain or work.session.chain(place)
        left, right = st.columns([1.5, 1], gap="medium")
        left.html(_themed(picture(work.session.chain(place), title=describe(effect))))
        key = f"{place}-{work.session.sha256[:8]}-{hash(step) & 0xFFFFFF:x}"
        amount = right.slider(
            "Amount", 0.0, 2.0, float(min(effect.amount, 2.0)), 0.05, key=f"amount-{key}",
            help="0 for nothing, 1 for what the words say, more to exaggerate",
        )  # fmt: skip
        if abs(amount - effect.amount) > 1e-9:
            _act(own, lambda: _set_amount(work, place, amount))
        bypassed = right.toggle("Bypass", value=not step.enabled, key=f"off-{key}")
        if bypassed == step.enabled:
            _act(own, lambda: work.session.set_enabled(place, not bypassed))
        if step.chain is not None and right.button("Back to the words", key=f"words-{key}"):
            _act(own, lambda: work.session.set_chain(place, None))
        if right.toggle("Show every setting", key=f"all-{place}"):
            _settings(own, work, place, chain if step.chain else work.session.chain(place), key)


def _set_amount(work: Workspace, place: int, amount: float) -> None:
    effect = work.session.steps[place].operation
    assert isinstance(effect, Effect)
    work.session.replace(place, replace(effect, amount=amount))


def _settings(own: Visit, work: Workspace, place: int, chain: Chain, key: str) -> None:
    """Every parameter of every effect, in its own range and unit."""
    for name, effect in zip(chain.keys, chain, strict=True):
        st.markdown(f"**{name.replace('_', ' ')}**")
        columns = st.columns(3)
        for number, parameter in enumerate(effect.parameters):
            value = effect.settings[parameter.name]
            chosen = _setting(columns[number % 3], parameter, value, f"{key}-{name}")
            if chosen is not None:
                changed = chain.replace({name: {parameter.name: chosen}})
                _act(own, lambda changed=changed: work.session.set_chain(place, changed))


def _setting(
    column: st.delta_generator.DeltaGenerator, parameter: Parameter, value: float, key: str
) -> float | None:
    """A slider over a parameter's range, by ratios where the ear hears ratios."""
    label = _label(parameter)
    values = [parameter.value(position) for position in np.linspace(0, 1, _POSITIONS).tolist()]
    # The value itself takes the place of the nearest step.
    values[round(parameter.position(value) * (_POSITIONS - 1))] = value
    chosen = column.select_slider(
        label, values, value, format_func=lambda v: _shown(v, parameter.unit),
        key=f"{key}-{parameter.name}",
    )  # fmt: skip
    return None if chosen == value else float(chosen)


def _label(parameter: Parameter) -> str:
    return re.sub(r"_(db|hz|ms|s)$", "", parameter.name).replace("_", " ")


def _shown(value: float, unit: str) -> str:
    sign = "+" if unit == "dB" and value > 0 else ""
    if unit == "Hz" and value >= 1000:
        return f"{value / 1000:.3g} kHz"
    return f"{sign}{value:.3g} {unit}".strip()


def _act(own: Visit, act: Callable[[], None]) -> None:
    own.notes.clear()
    try:
        act()
    except LassError as error:
        own.say("error", str(error))
    st.rerun()


def _themed(svg: str) -> str:
    """The picture of `lass fx` in the colours of the page, as an image."""
    dark = getattr(st.context.theme, "type", None) == "dark"
    text, soft, line = ("#FAFAFA", "#B9BDC4", "#56B4E9") if dark else ("#31333F", "#666", "#0072B2")
    colours = {
        'fill="#333"': f'fill="{text}"',
        '<rect width="100%" height="100%" fill="#fff"/>': "",
        'fill="#666"': f'fill="{soft}"',
        'stroke="#bbb"': f'stroke="{soft}" stroke-opacity=".5"',
        'stroke="#ddd"': f'stroke="{soft}" stroke-opacity=".25"',
        'stroke="#0b4f6c"': f'stroke="{line}"',
    }
    for old, new in colours.items():
        svg = svg.replace(old, new)
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" style="width:100%" '
        'alt="Tone curve over frequency, and decay of the reverb">'
    )
