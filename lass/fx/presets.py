"""Presets: effects and their settings as JSON, and back, with every mistake named."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lass.errors import EffectError
from lass.fx.catalogue import effect_class
from lass.fx.effect import Effect

__all__ = ["effects_from_json", "effects_to_json"]

_FORMAT = "lass-fx"
_VERSION = 1
_MOST_EFFECTS = 1000


def effects_to_json(effects: Sequence[Effect]) -> str:
    """Write effects as a preset.

    Args:
        effects: In their order.

    Returns:
        JSON text; numbers come back exactly.

    Example:
        >>> from lass.fx import Gain
        >>> print(effects_to_json([Gain(gain_db=3.0)]))
        {
          "format": "lass-fx",
          "version": 1,
          "effects": [
            {
              "effect": "gain",
              "settings": {
                "gain_db": 3.0
              }
            }
          ]
        }
    """
    listed = [
        {"effect": effect.name, **effect.options, "settings": dict(effect.settings)}
        for effect in effects
    ]
    return json.dumps({"format": _FORMAT, "version": _VERSION, "effects": listed}, indent=2)


def effects_from_json(text: str) -> list[Effect]:
    """Read a preset.

    Args:
        text: JSON as of `effects_to_json`. Settings that are missing have their defaults.

    Returns:
        The effects in their order.

    Raises:
        EffectError: If it is no preset, one of another version, or has an unknown effect or
            setting or a value out of range; the message says which.

    Example:
        >>> effects_from_json('{"format": "lass-fx", "version": 1, "effects": []}')
        []
        >>> effects_from_json('{"format": "lass-fx", "version": 2, "effects": []}')
        Traceback (most recent call last):
        ...
        lass.errors.EffectError: the preset has version 2, this program reads version 1; \
update lass or save the preset again
    """
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of 5000 digits
        raise EffectError(f"the preset is not JSON ({error}); save it again") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise EffectError(f'the file is no preset: expected JSON with "format": "{_FORMAT}"')
    version = content.get("version")
    if version != _VERSION or isinstance(version, bool):
        raise EffectError(
            f"the preset has version {version!r}, this program reads version {_VERSION}; "
            "update lass or save the preset again"
        )
    _only(content, {"format", "version", "effects"}, "the preset")
    listed = content.get("effects")
    if not isinstance(listed, list):
        raise EffectError("the preset has no list of effects; save it again")
    if len(listed) > _MOST_EFFECTS:
        raise EffectError(f"the preset has {len(listed)} effects, expected at most {_MOST_EFFECTS}")
    return [_effect(entry, number) for number, entry in enumerate(listed, start=1)]


def _effect(entry: object, number: int) -> Effect:
    if not isinstance(entry, dict) or not isinstance(entry.get("effect"), str):
        raise EffectError(f'effect {number} of the preset has no name; expected "effect": "eq"')
    kind = effect_class(entry["effect"])
    options: Mapping[str, int] = kind().options
    _only(entry, {"effect", "settings", *options}, f"effect {number} of the preset")
    settings = entry.get("settings", {})
    if not isinstance(settings, dict):
        raise EffectError(f"{kind.name}: settings is {settings!r}, expected names with numbers")
    for key in options:
        if key in settings:
            raise EffectError(f"{kind.name} has no setting {key!r}; put it beside the settings")
    return kind(**{key: entry[key] for key in options if key in entry}, **settings)


def _only(found: Mapping[str, object], known: set[str], where: str) -> None:
    for key in found:
        if key not in known:
            raise EffectError(
                f"{where} has an unknown entry {key!r}; expected {', '.join(sorted(known))}"
            )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise EffectError(f"the preset says {twice!r} twice; keep one of them")
    return result


def _no_constant(word: str) -> float:
    raise EffectError(f"the preset holds {word}, expected finite numbers; correct it")
