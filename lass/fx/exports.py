"""Chains for SoX and FFmpeg: filter strings, and what they cannot say."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Self

from lass.fx.delay import Delay
from lass.fx.dynamics import Compressor
from lass.fx.effect import Effect
from lass.fx.equalisers import EQ, GraphicEQ, HighCut, LowCut
from lass.fx.levels import Gain, Saturation, StereoWidth
from lass.fx.reverb import BandReverb, Reverb

__all__ = ["Export", "band_settings", "comb_feedback", "echo_heights", "to_ffmpeg", "to_sox"]

_MOST_ECHOES = 7
"""SoX takes no more in one ``echo``."""


class Export(str):
    """Text for another program; ``notes`` says what differs there or is left out.

    Args:
        text: The text.
        notes: One sentence for each difference.

    Example:
        >>> Export("gain 3", ["quieter on Sundays"]).notes
        ('quieter on Sundays',)
    """

    notes: tuple[str, ...]

    __slots__ = ("notes",)

    def __new__(cls, text: str, notes: Sequence[str] = ()) -> Self:
        """Make the text and keep the notes beside it."""
        made = super().__new__(cls, text)
        made.notes = tuple(notes)
        return made


_Part = tuple[list[str], list[str]]


def to_sox(effects: Sequence[Effect]) -> Export:
    """Write effects as a chain for the ``sox`` command.

    Equalisers, cuts, gain, width (stereo) and up to seven echoes are the same there;
    compressor and reverb are approximations; saturation cannot be said.

    Args:
        effects: In their order.

    Returns:
        Effects for ``sox in.wav out.wav …`` with their differences.

    Example:
        >>> to_sox([EQ(low_shelf_gain_db=3.0), Gain(gain_db=-2.0)])
        'bass 3 120 0.7q gain -2'
    """
    return _written(effects, _sox, " ")


def to_ffmpeg(effects: Sequence[Effect]) -> Export:
    """Write effects as a filter graph for FFmpeg's option ``-af``.

    Equalisers, cuts, gain, width, wholly mixed saturation and echoes are the same there; the
    compressor is an approximation; the reverb needs its impulse response as a file.

    Args:
        effects: In their order.

    Returns:
        The graph, ``anull`` if nothing is left, with its differences.

    Example:
        >>> to_ffmpeg([EQ(low_shelf_gain_db=3.0), Gain(gain_db=-2.0)])
        'bass=g=3:f=120:t=q:w=0.494975,volume=-2dB'
    """
    made = _written(effects, _ffmpeg, ",")
    return made if made else Export("anull", made.notes)


def _written(effects: Sequence[Effect], write: Callable[[Effect], _Part], separator: str) -> Export:
    words: list[str] = []
    notes: list[str] = []
    for effect in effects:
        said, missing = write(effect)
        words += said
        notes += [f"{effect.name}: {note}" for note in missing]
    return Export(separator.join(words), notes)


def band_settings(effect: Effect) -> list[tuple[str, float, float, float]]:
    """List the bands of an equaliser that do something.

    Args:
        effect: An `EQ` or `GraphicEQ`; anything else has none.

    Returns:
        Kind (``bass``, ``equalizer`` or ``treble``), frequency in Hz, gain in dB and Q.

    Example:
        >>> band_settings(EQ(peak_1_gain_db=2.0))
        [('equalizer', 400.0, 2.0, 1.0)]
    """
    values = effect.settings
    bands = []
    if isinstance(effect, EQ):
        for name in ("low_shelf", "peak_1", "peak_2", "peak_3", "peak_4", "high_shelf"):
            kind = {"low_shelf": "bass", "high_shelf": "treble"}.get(name, "equalizer")
            hz, gain, q = (values[f"{name}_{x}"] for x in ("frequency_hz", "gain_db", "q"))
            bands.append((kind, hz, gain, q))
    elif isinstance(effect, GraphicEQ):
        for name, gain in values.items():
            bands.append(("equalizer", float(name.split("_")[1].removesuffix("hz")), gain, 4.31))
    return [band for band in bands if band[2] != 0.0]


def echo_heights(effect: Delay, *, most: int) -> tuple[list[float], list[str]]:
    """List the echoes of a delay for a program without feedback.

    Args:
        effect: The delay.
        most: How many echoes the program takes.

    Returns:
        Heights of the echoes down to -60 dB, and a note if some are missing.

    Example:
        >>> echo_heights(Delay(feedback=0.5, mix=0.5), most=3)
        ([0.5, 0.25, 0.125], ['only the first 3 of 9 echoes above -60 dB'])
    """
    heights: list[float] = []
    height = effect.settings["mix"]
    while height >= 1e-3 and len(heights) < 500:
        heights.append(height)
        height *= effect.settings["feedback"]
    left_out = len(heights) > most
    note = [f"only the first {most} of {len(heights)} echoes above -60 dB"] if left_out else []
    return heights[:most], note


def comb_feedback(decay_s: float) -> float:
    """Find the feedback that gives Freeverb's combs a decay time.

    Args:
        decay_s: Time to -60 dB.

    Returns:
        Feedback of the combs, whose mean length is 31 ms (J. Smith, "Physical audio signal
        processing", Freeverb).

    Example:
        >>> round(comb_feedback(2.0), 3)
        0.898
    """
    return float(10 ** (-3 * 0.031 / decay_s))


def _sox(effect: Effect) -> _Part:
    s = effect.settings
    match effect:
        case EQ() | GraphicEQ():
            bands = band_settings(effect)
            return [_sox_band(*band) for band in bands], []
        case LowCut():
            return _cut(effect, 10.0, f"highpass -2 {s['frequency_hz']:.6g} 0.70711q")
        case HighCut():
            return _cut(effect, 24000.0, f"lowpass -2 {s['frequency_hz']:.6g} 0.70711q")
        case Gain():
            return [f"gain {s['gain_db']:.6g}"], []
        case StereoWidth():
            same, other = (1 + s["width"]) / 2, (1 - s["width"]) / 2
            remix = f"remix 1v{same:.6g},2v{other:.6g} 1v{other:.6g},2v{same:.6g}"
            return [remix], ["for two channels only"]
        case Delay():
            return _sox_echo(effect)
        case Compressor():
            return _sox_compand(effect)
        case Reverb():
            return _sox_reverb(effect)
        case _:
            return [], [f"SoX has nothing like it; it is left out ({effect.describe()})"]


def _sox_band(kind: str, hz: float, gain_db: float, q: float) -> str:
    if kind == "equalizer":
        return f"equalizer {hz:.6g} {q:.6g}q {gain_db:.6g}"
    return f"{kind} {gain_db:.6g} {hz:.6g} {q:.6g}q"


def _cut(effect: Effect, off_hz: float, text: str) -> _Part:
    hz = effect.settings["frequency_hz"]
    if hz == off_hz:
        return [], []
    fading = hz < 20.0 or hz > 20000.0
    return [text], ["at the edge of hearing lass fades the filter out"] if fading else []


def _sox_echo(effect: Delay) -> _Part:
    s = effect.settings
    heights, notes = echo_heights(effect, most=_MOST_ECHOES)
    if not heights:
        return [], []
    taps = [f"{n * s['time_ms']:.6g} {h:.6g}" for n, h in enumerate(heights, start=1)]
    if s["mix"] == 1.0:
        return [], ["SoX always keeps the dry sound; it is left out"]
    return [f"echo {1 - s['mix']:.6g} 1 {' '.join(taps)}"], notes


def _sox_compand(effect: Compressor) -> _Part:
    s = effect.settings
    threshold, slope = s["threshold_db"], 1 / s["ratio"]
    top = threshold - threshold * slope
    # A transfer function over levels; the knee of compand is in dB, too.
    points = f"{threshold:.6g},{threshold:.6g},0,{top:.6g}"
    if threshold == 0.0:
        points = "-1,-1,0,0"
    times = f"{s['attack_ms'] / 1000:.6g},{s['release_ms'] / 1000:.6g}"
    knee = f"{s['knee_db']:.6g}:" if s["knee_db"] >= 0.02 else ""
    text = f"compand {times} {knee}{points} {s['make_up_db']:.6g}"
    return [text], ["an approximation: SoX follows the level in another way, per channel"]


def _sox_reverb(effect: Reverb) -> _Part:
    s = effect.settings
    if s["mix"] == 0.0:
        return [], []
    # SoX: feedback = 1 - exp((reverberance - b) / (a b)), from .7 to .98 for 0 to 100.
    a = -1 / math.log(1 - 0.3)
    b = 100 / (math.log(1 - 0.98) * a + 1)
    wanted = b + a * b * math.log(1 - min(max(comb_feedback(s["decay_s"]), 0.3), 0.98))
    damped = 100 * (1 - math.log(s["brightness_hz"] / 200.0) / math.log(100.0))
    wet_db = 20 * math.log10(max(s["mix"] / (1 - s["mix"] + 1e-3), 1e-3))
    text = (
        f"reverb {min(max(wanted, 0.0), 100.0):.0f} {min(max(damped, 0.0), 100.0):.0f} 100 "
        f"{100 * s['width']:.0f} {s['pre_delay_ms']:.6g} {min(max(wet_db, -10.0), 10.0):.3g}"
    )
    return [text], ["an approximation: SoX has another reverb (Freeverb)"]


def _ffmpeg(effect: Effect) -> _Part:
    s = effect.settings
    match effect:
        case EQ() | GraphicEQ():
            return [_ffmpeg_band(*band) for band in band_settings(effect)], []
        case LowCut():
            return _cut(effect, 10.0, f"highpass=f={s['frequency_hz']:.6g}:t=q:w=0.70711")
        case HighCut():
            return _cut(effect, 24000.0, f"lowpass=f={s['frequency_hz']:.6g}:t=q:w=0.70711")
        case _:
            return _ffmpeg_other(effect)


def _ffmpeg_band(kind: str, hz: float, gain_db: float, q: float) -> str:
    # FFmpeg's shelves are steeper than the cookbook's of the same Q by the square root of 2
    # (`beta` in af_biquads.c; seen in the output of 5.1).
    width = q if kind == "equalizer" else q / math.sqrt(2.0)
    return f"{kind}=g={gain_db:.6g}:f={hz:.6g}:t=q:w={width:.6g}"


def _ffmpeg_other(effect: Effect) -> _Part:
    s = effect.settings
    match effect:
        case Gain():
            return [f"volume={s['gain_db']:.6g}dB"], []
        case StereoWidth():
            return [f"extrastereo=m={s['width']:.6g}:c=disabled"], ["for two channels only"]
        case Delay():
            heights, notes = echo_heights(effect, most=100)
            times = "|".join(f"{n * s['time_ms']:.6g}" for n in range(1, len(heights) + 1))
            decays = "|".join(f"{height:.6g}" for height in heights)
            text = f"aecho={1 - s['mix']:.6g}:1:{times}:{decays}"
            return [text] if heights else [], notes
        case Saturation():
            return _ffmpeg_saturation(effect)
        case Compressor():
            return _ffmpeg_compressor(effect)
        case Reverb() | BandReverb():
            if s["mix"] == 0.0:
                return [], []
            return [], [
                "FFmpeg has no reverb; it is left out: write `impulse_response` to a file and "
                f"use the filter afir ({effect.describe()})"
            ]
        case _:
            return [], [f"FFmpeg has nothing like it; it is left out ({effect.describe()})"]


def _ffmpeg_saturation(effect: Saturation) -> _Part:
    s = effect.settings
    if s["mix"] == 0.0:
        return [], []
    after_db = -20 * math.log10(math.tanh(10 ** (s["drive_db"] / 20)))
    words = [f"volume={s['drive_db']:.6g}dB", "asoftclip=type=tanh", f"volume={after_db:.6g}dB"]
    note = "it is mixed with the dry sound in lass and replaces it there"
    return [",".join(words)], [] if s["mix"] == 1.0 else [note]


def _ffmpeg_compressor(effect: Compressor) -> _Part:
    s = effect.settings
    text = (
        f"acompressor=threshold={10 ** (s['threshold_db'] / 20):.6g}:ratio={s['ratio']:.6g}:"
        f"attack={s['attack_ms']:.6g}:release={s['release_ms']:.6g}:"
        f"knee={min(10 ** (s['knee_db'] / 20), 8.0):.6g}:"
        f"makeup={10 ** (s['make_up_db'] / 20):.6g}:link=maximum:detection=peak"
    )
    return [text], ["an approximation: attack and release are defined otherwise there"]
