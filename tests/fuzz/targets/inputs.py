"""Lists of files: `lass.cli.inputs.collect` with LIST.csv, LIST.txt and standard input."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

MODULES = ("lass.cli.inputs",)
TOKENS = (
    b"path", b"query", b"output", b"path,query,output\n", b"\n", b"\r\n", b'"', b",", b"|", b"\0",
    b"..", b"../", b"/", b"*", b"**", b"[", b"a.wav", b"sub", b"\xef\xbb\xbf", b"\xff", b"~",
)  # fmt: skip
LONGEST = 2_000
_DEEP = 6
_FAR = re.compile(rb"(?<![A-Za-z0-9.])/")


def seeds() -> dict[str, bytes]:
    """Tables and plain lists; the first byte says which."""
    return {
        "table": b"cpath,query,output\na.wav,dog|rain,dogs\nsub,,\n*.wav,cat,x/y\n",
        "quoted": b'cpath,query\n"a,b.wav","a ""dog"""\n',
        "outside": b"cpath,output\na.wav,../up\n",
        "plain": b"ta.wav\nsub\n../gone.wav\n**\n[\n",
        "stdin": b"sa.wav\0sub\0",
        "field": b"cpath\n" + b"x" * 140_000,
        "bom": b"c\xef\xbb\xbfpath\r\na.wav\r\n",
    }


def run(data: bytes, folder: Path) -> None:
    """Expand a list in a folder with two files; no result may leave the output folder."""
    from lass.cli.inputs import collect

    # A list may name any folder, and it is searched. For a test, not the whole disk.
    if _FAR.search(data[1:]) or data.count(b"..") > _DEEP:
        data = data.replace(b"/", b"_")
    folder = folder.joinpath(*"x" * _DEEP)
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    for name in ("a.wav", "sub/b.wav"):
        (folder / name).touch()
    kind, rest = data[:1], data[1:]
    before = os.getcwd()
    os.chdir(folder)
    try:
        if kind == b"s":
            text = rest.decode("utf-8", errors="surrogateescape")
            found = collect(["-"], stdin=io.StringIO(text))
        else:
            path = folder / ("list.csv" if kind == b"c" else "list.txt")
            path.write_bytes(rest)
            found = collect([str(path)], stdin=io.StringIO(), lists=True)
    finally:
        os.chdir(before)
    for item in found:
        assert ".." not in item.folder.parts
        assert not item.folder.is_absolute()
        if item.output is not None:
            assert ".." not in item.output.parts
            assert not item.output.is_absolute()
