"""Effects in torch: differentiable for those who search settings, streaming for those who use them.

Every effect names its settings with units and ranges (`Parameter`). A `Chain` puts effects in
order, gives its curve, its parameters and its preset, and writes itself for other programs.
`render_file` applies it to a file of any length. Importing this room imports torch.
"""

from __future__ import annotations

from lass.fx.catalogue import effect_class, effect_names
from lass.fx.chain import Chain
from lass.fx.delay import Delay
from lass.fx.dynamics import Compressor
from lass.fx.effect import Effect, LinearEffect
from lass.fx.equalisers import EQ, GRAPHIC_FREQUENCIES_HZ, FilterEffect, GraphicEQ, HighCut, LowCut
from lass.fx.exports import Export
from lass.fx.levels import Gain, Saturation, StereoWidth
from lass.fx.matching import graphic_eq_for, parametric_eq_for
from lass.fx.outcome import TextFx
from lass.fx.parameters import Parameter
from lass.fx.prompted import text_to_fx, words_to_chain
from lass.fx.rendering import Rendered, render_file
from lass.fx.reverb import BandReverb, Reverb

__all__ = [
    "EQ",
    "GRAPHIC_FREQUENCIES_HZ",
    "BandReverb",
    "Chain",
    "Compressor",
    "Delay",
    "Effect",
    "Export",
    "FilterEffect",
    "Gain",
    "GraphicEQ",
    "HighCut",
    "LinearEffect",
    "LowCut",
    "Parameter",
    "Rendered",
    "Reverb",
    "Saturation",
    "StereoWidth",
    "TextFx",
    "effect_class",
    "effect_names",
    "graphic_eq_for",
    "parametric_eq_for",
    "render_file",
    "text_to_fx",
    "words_to_chain",
]
