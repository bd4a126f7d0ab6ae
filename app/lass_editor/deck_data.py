"""What the deck in the browser is told: addresses of sounds and pictures, and small numbers.

No sound goes through the page's data channel. Segments and pictures are given to Streamlit's media
storage, under addresses that are hashes of their content and that go with the session.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.edit import describe
from lass.edit.parts import HEARD
from lass.errors import EditError
from lass_editor.deck_session import Strip
from lass_editor.matching import match_loudness
from lass_editor.preview import TRACK_COLUMNS, Preview, segment_samples

if TYPE_CHECKING:
    from lass.separation import Track
    from lass_editor.workspace import Workspace

__all__ = ["Publish", "deck_data", "strip_name"]

Publish = Callable[[bytes, str, str], str]
"""Takes content, its type and a place that is its own; gives an address."""


def deck_data(work: Workspace, publish: Publish) -> dict[str, Any]:
    """Describe the desk.

    Args:
        work: one user's work, whose strips are all rendered.
        publish: makes content available to the user's browser.

    Returns:
        Plain data for the deck.
    """
    session, original = work.session, work.original
    top = float(original.power.max())
    heard = []
    strips = []
    view = work.view
    for strip, preview in view:
        heard.append((preview, strip.control))
        strips.append(_strip(work, strip, preview, publish, top, len(view)))
    return {
        "recording": {
            "id": work.identity,
            "name": work.name,
            "duration_s": session.duration_s,
            "sample_rate": session.sample_rate,
            "samples": session.samples,
            "segment_samples": segment_samples(session.sample_rate),
            "wave_scale": min(8.0, 0.95 / max(original.peak, 1e-6)),
            "pan": session.channels == 2,
        },
        "original": _audio(original, publish, "original"),
        "strips": strips,
        "match": _match(work, heard),
        "ack": work.seen,
    }


def strip_name(strip: Strip, strips: int) -> str:
    """A strip's name for people."""
    if not strip.rest:
        return strip.id
    return "everything" if strips == 1 else "everything else"


def _strip(
    work: Workspace, strip: Strip, preview: Preview, publish: Publish, top: float, count: int
) -> dict[str, Any]:
    session = work.session
    score = session.scores.get(strip.id)
    found = score is None or score >= HEARD
    badge = "" if score is None else f"presence {score:.2f}"
    return {
        "id": strip.id,
        "name": strip_name(strip, count),
        "rest": strip.rest,
        "fader": strip.target is not None,
        "colour": strip.number,
        "badge": badge if found else f"nothing like this found ({score:.2f})",
        "hint": "How sure the model is that the sound occurs, from 0 to 1",
        "found": found,
        "audio": _audio(preview, publish, strip.id),
        "peaks": preview.peaks,
        "picture": publish(preview.picture(top), "image/png", f"{strip.id}/picture"),
        "track": _track(session.track(strip.id)) if _tracked(work, strip) else "",
        "control": {
            "gain_db": strip.control.gain_db,
            "pan": strip.control.pan,
            "mute": strip.control.mute,
            "solo": strip.id in work.solos,
        },
        "done": [describe(operation) for operation in strip.done],
    }


def _audio(preview: Preview, publish: Publish, place: str) -> dict[str, Any]:
    return {
        "version": preview.version,
        "segments": [
            {
                "url": publish(segment.data, "audio/flac", f"{place}/{number}"),
                "scale": segment.scale,
            }
            for number, segment in enumerate(preview.segments)
        ],
    }


def _tracked(work: Workspace, strip: Strip) -> bool:
    if strip.rest:
        return False
    try:
        work.session.track(strip.id)
    except EditError:
        return False
    return True


def _track(track: Track) -> str:
    """Scores over time as bytes in base64: the largest of each column."""
    scores = np.asarray(track.scores)
    if not scores.size:
        return ""
    edges = np.linspace(0, len(scores), min(TRACK_COLUMNS, len(scores)) + 1).astype(int)
    columns = np.maximum.reduceat(scores, edges[:-1])
    return base64.b64encode((columns * 255).round().astype(np.uint8).tobytes()).decode()


def _match(work: Workspace, heard: list[tuple[Preview, Any]]) -> dict[str, Any]:
    key = tuple((preview.version, control) for preview, control in heard)
    if work.matched is None or work.matched[0] != key:
        match = match_loudness(work.original, heard, sample_rate=work.session.sample_rate)
        work.matched = (key, match)
    match = work.matched[1]
    return {"original_db": match.original_db, "text": match.text}
