"""Spans of time as people write them."""

from __future__ import annotations

import re

from lass.errors import ConfigError

__all__ = ["parse_span"]

_TIME = r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d*)?|\.\d+)"
_SPAN = re.compile(rf"\s*{_TIME}\s*-\s*{_TIME}\s*", re.ASCII)


def parse_span(text: str) -> tuple[float, float]:
    """Start and end of a span in seconds.

    Args:
        text: ``A-B``, each in seconds, ``m:ss`` or ``h:mm:ss``, with decimals if wanted.

    Returns:
        Start and end in seconds.

    Raises:
        ConfigError: it is not such a span, or is empty or backwards.

    Example:
        >>> parse_span("3.2-4"), parse_span("1:05-1:07.5"), parse_span("1:00:00-1:00:01")
        ((3.2, 4.0), (65.0, 67.5), (3600.0, 3601.0))
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ConfigError(f"the span {text!r} is not understood: write it as 3.2-4.0 or 1:05-1:07")
    start_s, end_s = _seconds(*match.groups()[:3]), _seconds(*match.groups()[3:])
    if start_s >= end_s:
        raise ConfigError(f"the span {text!r} is empty or backwards: give a start before its end")
    return start_s, end_s


def _seconds(hours: str | None, minutes: str | None, seconds: str) -> float:
    return 3600.0 * int(hours or 0) + 60.0 * int(minutes or 0) + float(seconds)
