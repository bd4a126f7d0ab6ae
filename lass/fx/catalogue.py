"""Every effect by its name in presets and on the command line."""

from __future__ import annotations

from difflib import get_close_matches

from lass.errors import EffectError
from lass.fx.delay import Delay
from lass.fx.dynamics import Compressor
from lass.fx.effect import Effect
from lass.fx.equalisers import EQ, GraphicEQ, HighCut, LowCut
from lass.fx.levels import Gain, Saturation, StereoWidth
from lass.fx.reverb import BandReverb, Reverb

__all__ = ["effect_class", "effect_names"]

_CLASSES: tuple[type[Effect], ...] = (
    EQ,
    GraphicEQ,
    LowCut,
    HighCut,
    Compressor,
    Saturation,
    Delay,
    Reverb,
    BandReverb,
    StereoWidth,
    Gain,
)


def effect_names() -> tuple[str, ...]:
    """List the names of all effects, in the order a mixing desk would have them.

    Returns:
        The names.

    Example:
        >>> effect_names()[0], "reverb" in effect_names()
        ('eq', True)
    """
    return tuple(kind.name for kind in _CLASSES)


def effect_class(name: str) -> type[Effect]:
    """Find the class of an effect.

    Args:
        name: Its name.

    Returns:
        The class; calling it without arguments gives the effect with its defaults.

    Raises:
        EffectError: If there is none of that name; the message suggests the nearest.

    Example:
        >>> effect_class("reverb")()
        Reverb()
        >>> effect_class("revreb")
        Traceback (most recent call last):
        ...
        lass.errors.EffectError: no effect is called 'revreb'; did you mean 'reverb'?
    """
    for kind in _CLASSES:
        if kind.name == name:
            return kind
    near = get_close_matches(str(name), effect_names(), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(effect_names())}"
    raise EffectError(f"no effect is called {name!r}; {hint}")
