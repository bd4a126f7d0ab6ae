"""Where a number comes from: the model and its hash, the commit, the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lass.evaluation.results import Report

__all__ = ["UNKNOWN", "Origin", "origins"]

UNKNOWN = "not recorded"
"""Shown for what a stored result does not say; nothing is ever filled in afterwards."""

_PACKAGES = ("torch", "numpy", "soundfile", "soxr")


@dataclass(frozen=True)
class Origin:
    """Results that were measured with the same model on the same machine.

    Attributes:
        system: What was measured.
        lists: Names of the lists.
        facts: What is known, as pairs of name and value.
    """

    system: str
    lists: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def origins(reports: Sequence[Report]) -> list[Origin]:
    """Group results by where they come from, so that it is said once and not under every list.

    Args:
        reports: The results.

    Returns:
        The groups, in the order of their first results.

    Example:
        >>> reports = [Report("m", {"name": n}, [], extra={"commit": "1f"}) for n in "ab"]
        >>> found = origins(reports)
        >>> found[0].lists, dict(found[0].facts)["commit"], dict(found[0].facts)["machine"]
        (('a', 'b'), '1f', 'not recorded')
    """
    groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for report in reports:
        key = (report.system or "unnamed", _facts(report))
        groups.setdefault(key, []).append(str(report.protocol.get("name", "?")))
    return [Origin(system, tuple(lists), facts) for (system, facts), lists in groups.items()]


def _facts(report: Report) -> tuple[tuple[str, str], ...]:
    """What a result says about itself, in a fixed order; what it lacks is said to lack."""
    kept = report.extra

    def known(key: str) -> str:
        value = kept.get(key)
        return UNKNOWN if value is None else str(value)

    cores = kept.get("cores")
    machine = [
        f"{cores} core{'' if cores == 1 else 's'}" if cores else f"cores {UNKNOWN}",
        str(kept.get("os") or kept.get("machine")),
    ]
    packages = ", ".join(f"{name} {kept[name]}" for name in _PACKAGES if kept.get(name))
    facts = {
        "weights, SHA-256": known("model_sha256"),
        "weights with the encoder's, SHA-256": known("fingerprint"),
        "commit": known("commit"),
        "machine": ", ".join(machine) if kept.get("os") or kept.get("machine") else UNKNOWN,
        "Python": known("python"),
        "packages": packages or UNKNOWN,
    }
    if "device" in kept:
        facts["computed on"] = known("device")
    if "similarity_space" in kept:
        facts["query space of the similarities"] = known("similarity_space")
    if "limit" in kept:
        facts["rows"] = f"only the first {kept['limit']} of each list"
    return tuple(facts.items())
