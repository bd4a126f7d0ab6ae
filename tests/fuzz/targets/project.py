"""Project files: `lass.edit.project.read_project`, and back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fuzz.targets import tokens

MODULES = (
    "lass.edit.project", "lass.edit.checking", "lass.edit.operations", "lass.fx.presets",
    "lass.fx.prompts", "lass.fx.parameters",
)  # fmt: skip
TOKENS = (
    *tokens(
        "format lass-edit version source path sha256 model name to_stereo operations operation "
        "enabled chain kind remove keep extract gain effect pan fade target query without others "
        "occurrence span start_s end_s outside also gain_db words amount position direction "
        "duration_s in out",
        marks='"',
    ),
    b"1e999",
    b"-1e400",
    b"NaN",
    b"Infinity",
    b"null",
    b"true",
    b'"\\ud800"',
    b"9" * 400,
    b"[]",
)
LONGEST = 4_000


def _project(*operations: dict[str, object]) -> bytes:
    told = {
        "format": "lass-edit",
        "version": 1,
        "source": {"path": "in.wav", "sha256": "0" * 64},
        "model": {"name": "default", "sha256": None},
        "to_stereo": False,
        "operations": [{"operation": entry, "enabled": True} for entry in operations],
    }
    return json.dumps(told).encode()


def seeds() -> dict[str, bytes]:
    """Projects with every kind of operation."""
    target = {"query": "dog", "without": ["rain"], "others": False, "occurrence": 1}
    span = {"start_s": 1.0, "end_s": 2.0, "outside": False}
    chain = {"format": "lass-fx", "version": 1, "effects": [{"effect": "gain"}]}
    effect = json.loads(_project({"kind": "effect", "words": "warmer", "amount": 0.5}))
    effect["operations"][0]["chain"] = chain
    return {
        "plain": _project(),
        "many": _project(
            {"kind": "remove", "target": target, "span": span},
            {"kind": "keep", "target": {"query": "a"}, "also": [{"query": "b"}]},
            {"kind": "gain", "target": target, "gain_db": -3.0},
            {"kind": "pan", "position": 0.5},
            {"kind": "fade", "direction": "in", "duration_s": 1.0},
        ),
        "chain": json.dumps(effect).encode(),
        "absolute": _project().replace(b"in.wav", b"/etc/passwd"),
        "huge": _project({"kind": "gain", "gain_db": 7}).replace(b": 7", b": 1" + b"0" * 400),
        "surrogate": _project({"kind": "remove", "target": {"query": "x"}}).replace(
            b'"x"', b'"\\udcff"'
        ),
    }


def run(data: bytes, folder: Path) -> None:
    """Read a project, and where it is one, write it and read the same again."""
    from lass.edit.project import read_project, write_project

    path = folder / "input.lassproj"
    path.write_bytes(data)
    project = read_project(path)
    assert not Path(project.source).is_absolute()
    for step in project.steps:
        assert step.operation.kind
    write_project(folder / "again.lassproj", project)
    assert read_project(folder / "again.lassproj") == project
