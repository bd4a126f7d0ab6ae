"""Chains as Python source for pedalboard.

Pedalboard is GPL-3.0 and is never imported here: what is made is text, for those who have it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lass.fx.delay import Delay
from lass.fx.dynamics import Compressor
from lass.fx.effect import Effect
from lass.fx.equalisers import EQ, GraphicEQ, HighCut, LowCut
from lass.fx.exports import Export, band_settings, comb_feedback
from lass.fx.levels import Gain, Saturation
from lass.fx.reverb import Reverb

__all__ = ["to_pedalboard"]

_FILTERS = {"bass": "LowShelfFilter", "equalizer": "PeakFilter", "treble": "HighShelfFilter"}


def to_pedalboard(effects: Sequence[Effect]) -> Export:
    """Write effects as Python source that makes a ``pedalboard.Pedalboard``.

    Equalisers, gain, delay and wholly mixed saturation are the same there; cuts, compressor
    and reverb are approximations; the stereo width cannot be said.

    Args:
        effects: In their order.

    Returns:
        The source, which defines ``board``; its notes are comments in it, too.

    Example:
        >>> print(to_pedalboard([Gain(gain_db=-3.0)]))
        import pedalboard
        <BLANKLINE>
        board = pedalboard.Pedalboard([
            pedalboard.Gain(gain_db=-3.0),
        ])
    """
    lines: list[str] = []
    notes: list[str] = []
    for effect in effects:
        calls, missing = _board(effect)
        told = [f"{effect.name}: {note}" for note in missing]
        lines += [f"    # {note}" for note in told]
        lines += [f"    pedalboard.{call}," for call in calls]
        notes += told
    body = "\n".join(["board = pedalboard.Pedalboard([", *lines, "])"])
    return Export(f"import pedalboard\n\n{body}", notes)


def _board(effect: Effect) -> tuple[list[str], list[str]]:
    s = effect.settings
    match effect:
        case EQ() | GraphicEQ():
            return [
                _call(_FILTERS[kind], cutoff_frequency_hz=hz, gain_db=gain_db, q=q)
                for kind, hz, gain_db, q in band_settings(effect)
            ], []
        case LowCut() | HighCut():
            kind = "HighpassFilter" if isinstance(effect, LowCut) else "LowpassFilter"
            call = _call(kind, cutoff_frequency_hz=s["frequency_hz"])
            note = "an approximation: 6 dB per octave, twice; 6 dB instead of 3 dB at the corner"
            return [call, call], [note]
        case Gain():
            return [_call("Gain", gain_db=s["gain_db"])], []
        case Delay():
            return [
                _call(
                    "Delay",
                    delay_seconds=s["time_ms"] / 1000,
                    feedback=s["feedback"],
                    mix=s["mix"],
                )
            ], []
        case Saturation():
            after_db = -20 * math.log10(math.tanh(10 ** (s["drive_db"] / 20)))
            calls = [_call("Distortion", drive_db=s["drive_db"]), _call("Gain", gain_db=after_db)]
            note = "it is mixed with the dry sound in lass and replaces it there"
            if s["mix"] == 0.0:
                return [], []
            return calls, [] if s["mix"] == 1.0 else [note]
        case Compressor():
            return _compressor(effect)
        case Reverb():
            return _reverb(effect)
        case _:
            return [], [f"pedalboard has nothing like it; left out ({effect.describe()})"]


def _compressor(effect: Compressor) -> tuple[list[str], list[str]]:
    s = effect.settings
    call = _call(
        "Compressor",
        threshold_db=s["threshold_db"],
        ratio=s["ratio"],
        attack_ms=s["attack_ms"],
        release_ms=s["release_ms"],
    )
    after = [_call("Gain", gain_db=s["make_up_db"])] if s["make_up_db"] else []
    return [call, *after], ["an approximation: no knee, and another detector, per channel"]


def _reverb(effect: Reverb) -> tuple[list[str], list[str]]:
    s = effect.settings
    call = _call(
        "Reverb",
        # Freeverb: feedback = 0.7 + 0.28 room_size.
        room_size=min(max((comb_feedback(s["decay_s"]) - 0.7) / 0.28, 0.0), 1.0),
        damping=1 - math.log(s["brightness_hz"] / 200.0) / math.log(100.0),
        wet_level=s["mix"],
        dry_level=1 - s["mix"],
        width=s["width"],
    )
    note = (
        "an approximation: pedalboard.Reverb is Freeverb, without pre-delay; for the same room "
        "write `impulse_response` to a file and use pedalboard.Convolution"
    )
    return [call], [note]


def _call(name: str, **arguments: float) -> str:
    # Six digits are more than anyone hears and keep the source readable.
    said = ", ".join(f"{key}={float(format(x, '.6g'))!r}" for key, x in arguments.items())
    return f"{name}({said})"
