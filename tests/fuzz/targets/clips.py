"""Manifests of training clips: `lass.data.manifest.read_manifests`."""

from __future__ import annotations

from pathlib import Path

MODULES = ("lass.data.manifest",)
TOKENS = (
    b"key,shard,dataset,split,label,caption,source,sample_rate\n", b"train", b"test", b"\n", b",",
    b'"', b"\0", b"16000", b"-1", b"1e9", b"9" * 5000, b"\xff", b"\r", b"../../etc/passwd",
)  # fmt: skip
LONGEST = 6_000
_HEAD = b"key,shard,dataset,split,label,caption,source,sample_rate\n"


def seeds() -> dict[str, bytes]:
    """A right one, and the usual mistakes."""
    row = b"k1,s.tar,esc,train,dog,a dog barks,fs1,16000\n"
    return {
        "two": _HEAD + row + row.replace(b"train", b"test"),
        "short": _HEAD + b"k1,s.tar,esc,train\n",
        "rate": _HEAD + row.replace(b"16000", b"fast"),
        "digits": _HEAD + row.replace(b"16000", b"9" * 5000),
        "bytes": _HEAD + row.replace(b"dog", b"\xff\xfe"),
        "field": _HEAD + b"x" * 140_000,
        "outside": _HEAD + row.replace(b"s.tar", b"../../x.tar"),
    }


def run(data: bytes, folder: Path) -> None:
    """Read a manifest of clips."""
    from lass.data.manifest import read_manifests, split_validation

    (folder / "manifest-a.csv").write_bytes(data)
    clips = read_manifests(folder)
    for clip in clips:
        assert clip.sample_rate > 0
        assert Path(clip.shard).name == clip.shard
    train, kept = split_validation(clips)
    assert len(train) + len(kept) == len(clips)
