"""Presets of effects: `lass.fx.Chain.from_json`, and back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fuzz.targets import tokens

MODULES = ("lass.fx.presets", "lass.fx.parameters", "lass.fx.effect", "lass.fx.catalogue")
TOKENS = (
    *tokens(
        "format lass-fx version effects effect settings seed self gain eq reverb compressor delay "
        "gain_db mix decay_s time_ms feedback threshold_db ratio",
        marks='"',
    ),
    b"1e999",
    b"-1e400",
    b"NaN",
    b"Infinity",
    b"null",
    b"true",
    b"9" * 400,
    b"[]",
    b"{}",
)
LONGEST = 4_000


def seeds() -> dict[str, bytes]:
    """A preset with every effect, and shapes of mistakes."""
    from lass.fx import Chain
    from lass.fx.catalogue import effect_class

    names = ("gain", "eq", "reverb", "compressor", "delay")
    whole = Chain([effect_class(name)() for name in names]).to_json()
    small = {"format": "lass-fx", "version": 1, "effects": [{"effect": "gain", "settings": {}}]}
    plain = json.dumps(small)
    return {
        "whole": whole.encode(),
        "none": b'{"format": "lass-fx", "version": 1, "effects": []}',
        "self": plain.replace('"settings": {}', '"settings": {"self": 1}').encode(),
        "digits": b'{"format": "lass-fx", "version": 1' + b"0" * 5000 + b"}",
        "large": plain.replace('{}', '{"gain_db": 1' + "0" * 400 + "}").encode(),
        "deep": b"[" * 3000,
    }  # fmt: skip


def run(data: bytes, folder: Path) -> None:
    """Read a preset; what is read comes back the same."""
    from lass.fx import Chain

    path = folder / "input.json"
    path.write_bytes(data)
    chain = Chain.load(path)
    assert Chain.from_json(chain.to_json()) == chain
    chain.describe()
