"""Tokenizers of encoders that others made: `lass.query.tokens`.

The parser is that of the library `tokenizers`, in Rust; a panic there is a finding as well.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.fuzz.targets import tokens

MODULES = ("lass.query.tokens",)
TOKENS = (
    *tokens(
        "version truncation padding added_tokens normalizer pre_tokenizer post_processor decoder "
        "model type vocab unk_token merges continuing_subword_prefix max_input_chars_per_word "
        "WordPiece BPE Unigram WordLevel Sequence Replace Regex pattern content Split ByteLevel "
        "BertProcessing TemplateProcessing Precompiled Lowercase NFKC id special lstrip",
        marks='"',
    ),
    b"null", b"true", b"-1", b"4294967295", b"1e999", b"[]", b"{}", b'"(a+)+$"', b"\\u0000",
)  # fmt: skip
LONGEST = 6_000
_KNOWN, _LONGEST = 70, 16
_TEXTS = (
    "dog",
    "a violin, far away",
    "808 \N{DOG FACE} \u0430",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
)


def seeds() -> dict[str, bytes]:
    """A right one of words, one of pairs of bytes, and mistakes."""
    from tests.conftest import make_tokenizer

    with tempfile.TemporaryDirectory() as folder:
        make_tokenizer(Path(folder) / "t.json")
        words = json.loads((Path(folder) / "t.json").read_text())
    pairs = {
        **words, "normalizer": None, "post_processor": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                          "use_regex": True},
        "model": {"type": "BPE", "vocab": {"d": 0, "o": 1, "g": 2, "do": 3, "dog": 4},
                  "merges": ["d o", "do g"], "unk_token": "d"},
    }  # fmt: skip
    lost = {**words, "model": {**words["model"], "unk_token": "[NONE]"}}
    far = {**words, "model": {**words["model"], "vocab": {**words["model"]["vocab"], "##g": 9999}}}
    slow = {**words, "normalizer": {"type": "Replace", "pattern": {"Regex": "(a+)+$"},
                                    "content": ""}}  # fmt: skip
    empty = {**words, "post_processor": None, "pre_tokenizer": {"type": "Split", "behavior":
             "Removed", "invert": False, "pattern": {"Regex": "."}}}  # fmt: skip
    made = {"words": words, "pairs": pairs, "lost": lost, "far": far, "slow": slow, "empty": empty}
    shown = {name: json.dumps(table).encode() for name, table in made.items()}
    return {**shown, "deep": b"[" * 6000, "nothing": b"{}"}


def run(data: bytes, folder: Path) -> None:
    """Read a tokenizer and use it: numbers that the encoder knows come out, or an error of ours."""
    from lass.query.tokens import Tokens, batches

    (folder / "tokenizer.json").write_bytes(data)
    tokens_of = Tokens(folder, longest=_LONGEST, padding=0, known=_KNOWN)
    rows = tokens_of(_TEXTS)
    assert len(rows) == len(_TEXTS)
    for indices in batches(rows):
        numbers, mask = tokens_of.padded([rows[index] for index in indices])
        assert numbers.shape == mask.shape
        assert numbers.shape[1] <= _LONGEST
        assert 0 <= int(numbers.min()) <= int(numbers.max()) < _KNOWN
