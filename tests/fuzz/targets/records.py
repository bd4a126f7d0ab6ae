"""Manifests of results: `lass.scale.manifest.Manifest`, read and added to."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.targets import tokens

MODULES = ("lass.scale.manifest", "lass.scale.records")
TOKENS = (
    *tokens(
        "lass path status done skipped failed error sha256 parts residual outputs scores gain_db "
        "audio_s seconds model asked verified",
        marks='"',
    ),
    b'{"lass": 1, ',
    b"\n",
    b"1e999",
    b"NaN",
    b"null",
    b"9" * 400,
    b'"\\ud800"',
    b"[]",
)
LONGEST = 4_000


def _line(**changes: object) -> bytes:
    import json

    from lass.scale.records import Record

    record = Record(
        Path("/in/a.wav"), "done", parts={"dog": Path("/out/a.dog.wav")},
        residual=Path("/out/a.rest.wav"), scores={"dog": 0.5}, sha256="0" * 64,
        outputs={Path("/out/a.dog.wav"): "0" * 64}, asked="1" * 64, model="default",
    )  # fmt: skip
    return json.dumps({**json.loads(record.to_json()), **changes}).encode() + b"\n"


def seeds() -> dict[str, bytes]:
    """Whole lines, torn lines, and lines with values of the wrong kind."""
    return {
        "two": _line() + _line(status="failed", error="bad"),
        "torn": _line() + _line()[:40],
        "types": _line(scores=[]),
        "huge": _line(gain_db=7).replace(b": 7", b": 1" + b"0" * 400),
        "deep": b'{"lass": ' + b"[" * 3000,
        "other": b"hello\n",
    }


def run(data: bytes, folder: Path) -> None:
    """Read a manifest; a record that is added is found again."""
    from lass.scale.manifest import Manifest
    from lass.scale.records import Record

    path = folder / "input.jsonl"
    path.write_bytes(data)
    manifest = Manifest(path)
    manifest.append(Record(Path("/in/new.wav"), "failed", error="x"))
    again = Manifest(path).find(Path("/in/new.wav"))
    assert again is not None
    assert again.error == "x"
