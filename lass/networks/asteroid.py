"""Networks of asteroid: asked by a query, or with fixed stems as they were trained.

The package asteroid (M. Pariente et al., "Asteroid: the PyTorch-based audio source separation
toolkit for researchers", Interspeech 2020) builds them; it is optional and imported when one is
built. Its models are encoder, masker and decoder over one waveform, made for one sample rate. Only
its models are used: nothing of it opens a file or an address here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from lass.errors import ConfigError, ModelError
from lass.networks.fixed_rate import FixedRateModule

__all__ = ["ASKED", "STEMS", "AskedMasker", "AsteroidConfig", "FixedStems"]

ASKED = (
    "ConvTasNet", "DPRNNTasNet", "DPTNet", "LSTMTasNet", "SuDORMRFNet", "SuDORMRFImprovedNet",
)  # fmt: skip
"""Models with a learned filterbank of real numbers, which a query can steer."""

STEMS = (*ASKED, "DeMask", "DCUNet")
"""Models that take one waveform and give waveforms (DCCRNet cannot be built beside torch 2.13)."""

_WORD = re.compile(r"[A-Za-z0-9_.\-]{0,40}")
_LARGEST = 65536
_FRAMES_A_SECOND = 100


@dataclass(frozen=True)
class AsteroidConfig:
    """A model of asteroid.

    Args:
        model: name of its class, one of :data:`STEMS`.
        arguments: what it is built with, as its checkpoints state it under ``model_args``.
        query_dim: width of the query vector; for fixed stems their number.
        sample_rate: rate in Hz that it works at.

    Raises:
        ConfigError: the model is unknown, or an argument is no plain value.
    """

    model: str = "ConvTasNet"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    query_dim: int = 256
    sample_rate: int = 16000

    def __post_init__(self) -> None:
        """Refuse what asteroid should not be built with."""
        if self.model not in STEMS:
            raise ConfigError(
                f"the model {self.model!r} of asteroid cannot be used here: expected one of "
                f"{', '.join(STEMS)}"
            )
        for name, value in self.arguments.items():
            if not (_WORD.fullmatch(str(name)) and _plain(value)):
                raise ConfigError(
                    f"the argument {str(name)[:40]!r} of {self.model} is {str(value)[:40]!r}: "
                    f"expected a word, a number up to {_LARGEST}, or a list of numbers"
                )


class _Asteroid(FixedRateModule):
    """What both ways to use a model have in common."""

    frame_multiple = 32
    # Pieces of 12.8 s with 3.2 s of context on either side.
    look_frames = 1280
    context_frames = 320

    def __init__(self, config: AsteroidConfig, arguments: Mapping[str, Any]) -> None:
        rate = config.sample_rate
        super().__init__(sample_rate=rate, hop=max(1, round(rate / _FRAMES_A_SECOND)))
        self.config = config
        self.model: Any = _build(config.model, {**arguments, "sample_rate": rate})


class AskedMasker(_Asteroid):
    """A masker that a query steers: what the filterbank gives is scaled and shifted by it (FiLM).

    The steering is before the masker, so that any masker works; the mask is applied to what the
    filterbank gave. A query that gives no scale and no shift leaves the model as asteroid made it.

    Args:
        config: the model; how many sources its arguments name does not matter.

    Raises:
        ConfigError: the model is not one of :data:`ASKED`, or asteroid cannot build it.
        ModelError: asteroid is not installed.

    Source:
        Perez et al., "FiLM: visual reasoning with a general conditioning layer", AAAI 2018.
    """

    def __init__(self, config: AsteroidConfig) -> None:
        if config.model not in ASKED:
            raise ConfigError(
                f"{config.model} cannot be asked by a query: expected one of {', '.join(ASKED)}"
            )
        # The second output is what is not asked for: masks that sum to 1 over all outputs, as
        # SuDORM-RF's do, would let everything through with one.
        super().__init__(config, {**config.arguments, "n_src": 2})
        with torch.no_grad():
            seen = self.model.forward_encoder(torch.zeros(1, 1, config.sample_rate // 4))
        self.steer = nn.Linear(config.query_dim, 2 * seen.shape[1])

    def estimate(self, audio: Tensor, queries: Tensor) -> Tensor:
        """Separate ``(batch, samples)`` at the network's rate to ``(batch, queries, samples)``."""
        shape, samples = queries.shape[:2], audio.shape[-1]
        model, seen = self.model, self.model.forward_encoder(_long_enough(audio)[:, None])
        seen = seen.repeat_interleave(shape[1], 0)
        scale, shift = self.steer(queries.flatten(0, 1))[..., None].chunk(2, dim=1)
        masks = model.forward_masker(seen * (1.0 + scale) + shift)[:, :1]
        decoded = model.forward_decoder(model.apply_masks(seen, masks))
        estimates: Tensor = _fit(decoded[:, 0], samples).unflatten(0, shape)
        return estimates


class FixedStems(_Asteroid):
    """A model with the stems it was trained for; a query says how much of each is wanted.

    Args:
        config: the model; ``query_dim`` is how many stems it has.

    Raises:
        ConfigError: asteroid cannot build the model, or it has another number of stems.
        ModelError: asteroid is not installed.
    """

    def __init__(self, config: AsteroidConfig) -> None:
        super().__init__(config, config.arguments)
        stems = int(config.arguments.get("n_src", 1))
        if stems != config.query_dim:
            raise ConfigError(f"{config.model} has {stems} stems, but query_dim is "
                              f"{config.query_dim}")  # fmt: skip

    def estimate(self, audio: Tensor, queries: Tensor) -> Tensor:
        """Separate ``(batch, samples)`` at the network's rate to ``(batch, queries, samples)``."""
        made = self.model(_long_enough(audio)[:, None])
        return torch.einsum("bqs,bst->bqt", queries, _fit(made, audio.shape[-1]))


def _build(name: str, arguments: Mapping[str, Any]) -> nn.Module:
    """A model of asteroid with freshly drawn weights."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on versions of what it needs
            models = import_module("asteroid.models")
    except ModuleNotFoundError as error:
        itself = error.name in ("asteroid", "asteroid.models")
        missing = "which is" if itself else f"whose requirement {error.name!r} is"
        raise ModelError(
            f"this model needs asteroid, {missing} not installed: docs/models.md says how"
        ) from error
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ModelError(
            f"asteroid is installed but cannot be loaded ({str(error).strip()[:120]}): "
            "docs/models.md says how to install it without torchaudio"
        ) from error
    try:
        network: nn.Module = getattr(models, name)(**arguments)
    except Exception as error:  # its constructors check little, and fail in any way
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160]
        raise ConfigError(f"asteroid cannot build {name} of these arguments: {reason}") from error
    return network


def _plain(value: object) -> bool:
    """Whether a value is one that an argument may have."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, (int, float)):
        return abs(value) <= _LARGEST
    if isinstance(value, str):
        return bool(_WORD.fullmatch(value))
    return isinstance(value, (list, tuple)) and len(value) <= 64 and all(map(_plain, value))


def _long_enough(audio: Tensor) -> Tensor:
    """At least a moment of sound: filterbanks refuse less than a window."""
    return nn.functional.pad(audio, (0, max(0, 4096 - audio.shape[-1])))


def _fit(audio: Tensor, samples: int) -> Tensor:
    """Exactly so many samples: a model may give a few less than it got."""
    return nn.functional.pad(audio, (0, max(0, samples - audio.shape[-1])))[..., :samples]
