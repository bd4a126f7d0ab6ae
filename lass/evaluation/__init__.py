"""Measure any separator on published mixture lists, with the bounds beside every result.

Give `evaluate` a callable ``separate(mixture, sample_rate, query)``, the name of a protocol and the
folder of the data pack; the report has every row, the means with confidence intervals, and what the
mixture itself, half of it and oracle masks score on the same rows.
"""

from __future__ import annotations

from lass.evaluation.calibration import calibrate
from lass.evaluation.clips import Clip, ClipStore
from lass.evaluation.environment import environment
from lass.evaluation.examples import Example, worst_examples
from lass.evaluation.lists import evaluate_list
from lass.evaluation.mixtures import AudioExample, Mixture, iter_mixtures
from lass.evaluation.model import ModelSeparator
from lass.evaluation.protocol import Protocol, Row, list_protocols, load_protocol
from lass.evaluation.report import html_report, write_report
from lass.evaluation.results import Report, compare, paired_differences, presence_quality
from lass.evaluation.runner import Answer, evaluate, measure
from lass.evaluation.similarity import Encoder, Similarity
from lass.evaluation.statistics import Interval, auroc, calibration_error, mean_interval, verdict
from lass.evaluation.stems import StemFolder, evaluate_stems
from lass.evaluation.stored import Stored, load_stored

__all__ = [
    "Answer",
    "AudioExample",
    "Clip",
    "ClipStore",
    "Encoder",
    "Example",
    "Interval",
    "Mixture",
    "ModelSeparator",
    "Protocol",
    "Report",
    "Row",
    "Similarity",
    "StemFolder",
    "Stored",
    "auroc",
    "calibrate",
    "calibration_error",
    "compare",
    "environment",
    "evaluate",
    "evaluate_list",
    "evaluate_stems",
    "html_report",
    "iter_mixtures",
    "list_protocols",
    "load_protocol",
    "load_stored",
    "mean_interval",
    "measure",
    "paired_differences",
    "presence_quality",
    "verdict",
    "worst_examples",
    "write_report",
]
