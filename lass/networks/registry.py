"""Networks by name: a plain dictionary in, a module out.

A configuration is data (it comes from ``config.json``), so the class is chosen from the table
here and never from the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from torch import nn

from lass.errors import ConfigError
from lass.networks.asteroid import AskedMasker, AsteroidConfig, FixedStems
from lass.networks.audio_tower import AudioTower, AudioTowerConfig
from lass.networks.bandsplit import BandSplit, BandSplitConfig
from lass.networks.clipsep import ClipSep, ClipSepConfig
from lass.networks.frontend import Frontend, FrontendConfig
from lass.networks.resunet30 import ResUNet30, ResUNet30Config
from lass.networks.separator import SeparationNetwork
from lass.networks.text_tower import TextTower, TextTowerConfig
from lass.networks.unet import BandUNet, BandUNetConfig

__all__ = ["build", "config_from_dict", "config_to_dict"]

_Config = TypeVar("_Config")


def build(config: Mapping[str, Any]) -> nn.Module:
    """Build a network from its description.

    Args:
        config: ``{"kind": name, …}`` where ``kind`` is one of ``band-unet``, ``band-split``
            (with ``frontend`` and ``core`` tables), ``resunet30``, ``clipsep``, ``asteroid``,
            ``asteroid-stems`` (with a ``core`` table; their front ends are the published ones;
            the last two need the package asteroid), ``text-tower`` or ``audio-tower``
            (with a ``tower`` table).

    Returns:
        The module with freshly drawn weights.

    Raises:
        ConfigError: the kind or an entry is unknown; the message names the nearest.

    Example:
        >>> network = build({"kind": "band-unet", "core": {"channels": [8, 8, 8], "bands": 160}})
        >>> network.core.frame_multiple
        4
    """
    kind = str(config.get("kind"))
    if kind not in _BUILDERS:
        raise ConfigError(f"unknown network kind {kind!r}: expected {_listed(_BUILDERS)}")
    return _BUILDERS[kind](config)


def config_from_dict(cls: type[_Config], values: Mapping[str, Any]) -> _Config:
    """Fill a configuration dataclass, refusing keys it does not have.

    Args:
        cls: the dataclass.
        values: its entries; lists become tuples.

    Returns:
        The configuration.

    Raises:
        ConfigError: an entry is unknown.
    """
    assert is_dataclass(cls)
    known = {field.name for field in fields(cls)}
    for key in values:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f": expected {_listed(known)}"
            raise ConfigError(f"unknown entry {key!r} for {cls.__name__}{hint}")
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def config_to_dict(config: Any) -> dict[str, Any]:  # noqa: ANN401 (any dataclass instance)
    """Turn a configuration into what ``config.json`` holds."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(config).items()}


def _separator(
    core_class: type[Any], config_class: type[Any]
) -> Callable[[Mapping[str, Any]], nn.Module]:
    def make(config: Mapping[str, Any]) -> nn.Module:
        frontend = config_from_dict(FrontendConfig, config.get("frontend", {}))
        core = config_from_dict(config_class, config.get("core", {}))
        return SeparationNetwork(Frontend(frontend), core_class(core))

    return make


def _listed(names: Any) -> str:  # noqa: ANN401 (any iterable of names)
    return ", ".join(sorted(names))


_BUILDERS: dict[str, Callable[[Mapping[str, Any]], nn.Module]] = {
    "band-unet": _separator(BandUNet, BandUNetConfig),
    "band-split": _separator(BandSplit, BandSplitConfig),
    "resunet30": lambda c: ResUNet30(config_from_dict(ResUNet30Config, c.get("core", {}))),
    "clipsep": lambda c: ClipSep(config_from_dict(ClipSepConfig, c.get("core", {}))),
    "asteroid": lambda c: AskedMasker(config_from_dict(AsteroidConfig, c.get("core", {}))),
    "asteroid-stems": lambda c: FixedStems(config_from_dict(AsteroidConfig, c.get("core", {}))),
    "text-tower": lambda c: TextTower(config_from_dict(TextTowerConfig, c.get("tower", {}))),
    "audio-tower": lambda c: AudioTower(config_from_dict(AudioTowerConfig, c.get("tower", {}))),
}
