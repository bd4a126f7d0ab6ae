"""The model card of a converted model: what it is, whose, and under which licence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["card"]

_CHECKED = {
    "resunet30": (
        "The network was built here from a description. Names and shapes of all weights are those "
        "of the authors' model, and the arithmetic was compared with an independent calculation. "
        "Results on the released file were not compared with the authors' program."
    ),
    "clipsep": (
        "The network was built here from a description. **Conversion was not tried on the released "
        "file**: how its U-Net's layers are named is not known here, so each was put in its place "
        "by its shape and by how deep its name is nested. All weights fit; listen before you trust "
        "it."
    ),
    "asteroid-stems": (
        "The network is asteroid's own, with the arguments and all weights of the checkpoint. What "
        "its outputs are was told by whoever converted it; the checkpoint does not say."
    ),
}


def card(name: str, config: Mapping[str, Any], *, left_out: Mapping[str, int]) -> str:
    """Text of ``README.md``.

    Args:
        name: the model's name.
        config: its ``config.json`` with hashes.
        left_out: for each group of weights that was not needed, how many there were.

    Returns:
        Markdown.
    """
    source, licences = config["source"], config["licences"]
    core, kind = config["network"]["core"], config["network"]["kind"]
    rows = [
        ("from", _text(source["title"])),
        ("page", _text(source["page"])),
        ("file", f"{_text(source['file'])}, SHA-256 `{source['sha256']}`"),
        ("known", _known(bool(source["known"]))),
        ("licence of the code", _text(licences["code"])),
        ("licence of the weights", _text(licences["weights"])),
        ("licence of the training data", _text(licences["data"])),
        ("network", f"`{kind}`, {core['sample_rate']} Hz, query of {core['query_dim']} numbers"),
        ("queries", _queries(config)),
        ("weights here", _precision(config)),
    ]
    dropped = ", ".join(f"{count} of `{_text(group)}*`" for group, count in left_out.items())
    lines = [
        f"# {_text(name)}: converted weights",
        "",
        "Made by `lass models convert` on this computer. The weights are their authors' work; lass "
        "did not train them and does not pass them on.",
        "",
        "| | |",
        "|---|---|",
        *(f"| {title} | {value} |" for title, value in rows),
        "",
        _CHECKED[kind],
        "",
        f"Left out, because separation does not need it: {dropped}." if dropped else "",
        "Where a licence is not stated, all rights are the authors': ask them before you pass "
        "anything on.",
    ]
    return "\n".join(line for line, below in zip(lines, [*lines[1:], "x"], strict=True)
                     if line or below) + "\n"  # fmt: skip


def _queries(config: Mapping[str, Any]) -> str:
    if "stems" in config:
        return f"fixed stems: {', '.join(_text(name) for name in config['stems'])}"
    return f"space `{config['space']}`, encoder `{config['encoder']}`"


def _known(known: bool) -> str:
    if known:
        return "yes: the SHA-256 is the published one, as far as that is known"
    return "no: no published SHA-256 is known for this file, so its origin is taken on trust"


def _precision(config: Mapping[str, Any]) -> str:
    digest = config["sha256"]["model.safetensors"]
    if config["precision"] == 16:
        return f"matrices rounded to 16 bits, SHA-256 `{digest}`"
    return f"32 bits, not rounded, SHA-256 `{digest}`"


def _text(value: object) -> str:
    """Text that cannot break out of a table cell."""
    plain = "".join(c if c.isprintable() else " " for c in str(value))
    return "".join(f"\\{c}" if c in "\\`|<>[]" else c for c in plain)
