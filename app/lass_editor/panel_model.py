"""Choosing a model among the installed ones."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lass.zoo.fitting import pairs
from lass_editor.choosing import Choice

__all__ = ["choose"]

_OWN = "the model's own"
_FRESH_S = 30.0


def choose(now: Choice, told: Choice) -> Choice:
    """Let a visitor choose, where there is something to choose from.

    Only names of installed models are offered, and only encoders of a model's own space.

    Args:
        now: what is chosen.
        told: what the command line said, which may be a folder.

    Returns:
        What is chosen from now on.
    """
    offered = dict(_pairs())
    for one in (told, now):
        encoders = offered.setdefault(one.model, [])
        if one.encoder is not None and one.encoder not in encoders:
            offered[one.model] = [*encoders, one.encoder]
    if len(offered) == 1 and not offered[now.model]:
        return now
    models = list(offered)
    left, right = st.columns(2)
    model = left.selectbox(
        "Model", models, models.index(now.model), format_func=_short, key="model",
        help="What takes the sounds apart",
    )  # fmt: skip
    encoders = [_OWN, *offered[model]]
    kept = now.encoder if model == now.model and now.encoder is not None else _OWN
    encoder = right.selectbox(
        "Query encoder", encoders, encoders.index(kept), format_func=_short,
        key=f"encoder-{model}", help="What understands the words; it speaks the model's space",
    )  # fmt: skip
    return Choice(model, None if encoder == _OWN else encoder)


@st.cache_data(ttl=_FRESH_S, show_spinner=False)
def _pairs() -> dict[str, list[str]]:
    return pairs()


def _short(name: str) -> str:
    """The last part of a folder; names stay as they are."""
    return Path(name).name or name
