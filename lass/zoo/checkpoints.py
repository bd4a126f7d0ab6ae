"""Opening a file that somebody calls a checkpoint, whatever it is, without running any of it.

What a file is shows in its first bytes. Tensors come from safetensors, or from torch's own format
by its reader that builds tensors and plain values only (``weights_only``).
"""

from __future__ import annotations

import re
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.errors import ModelError, ModelNotFoundError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["read_checkpoint", "read_tensors", "tensors_in"]

_HEAD = 4096
_ARCHIVES = (
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
    (b"BZh", "bzip2"),
)
_MOST_UNPACKED = 4
"""Times the size of its file that weights may take: tied ones count twice."""
_WITHIN = ("state_dict", "model_state_dict", "model", "net")
_AGAIN = "download it again"


def read_tensors(path: Path) -> dict[str, Tensor]:
    """All weights in a file by name, Lightning's and similar wrappings taken off.

    Args:
        path: a ``.safetensors`` file or a torch checkpoint, whatever its name.

    Returns:
        The tensors; they may be mapped from the file.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelError: it is no checkpoint, damaged, or would have to run code; the message says which.
    """
    return tensors_in(path, read_checkpoint(path))


def read_checkpoint(path: Path) -> Any:  # noqa: ANN401 (whatever was stored)
    """All that a checkpoint holds: tensors and plain values, and nothing that is run.

    Args:
        path: a ``.safetensors`` file or a torch checkpoint, whatever its name.

    Returns:
        What was stored, usually a dictionary; tensors may be mapped from the file.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelError: it is no checkpoint, damaged, or would have to run code; the message says which.
    """
    _check_there(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    _refuse_text(path, head)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**40:
        return _read_safetensors(path)
    _refuse_archive(path, head)
    if head[:4] != b"PK\x03\x04" and head[:1] != b"\x80":
        raise ModelError(
            f"{path} is no checkpoint: it begins with the bytes {head[:8].hex(' ')}, expected a "
            "torch or safetensors file"
        )
    return _read_torch(path, zipped=head[:2] == b"PK")


def _check_there(path: Path) -> None:
    if path.is_dir():
        raise ModelError(f"{path} is a folder: give the checkpoint file that is in it")
    if not path.is_file():
        raise ModelNotFoundError(f"there is no file {path}: give a checkpoint that you downloaded")
    try:
        if path.stat().st_size == 0:
            raise ModelError(f"{path} is empty: the download did not begin; {_AGAIN}")
        path.open("rb").close()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error


def _refuse_text(path: Path, head: bytes) -> None:
    """Say what kind of text a file is that should be a checkpoint."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<!--")):
        found = re.search(rb"<title[^>]*>(.*?)</title", head, re.DOTALL | re.IGNORECASE)
        title = " ".join(found[1].decode(errors="replace").split())[:60] if found else ""
        named = f" titled {title!r}" if title else ""
        raise ModelError(
            f"{path} is a web page{named} and no checkpoint: the server sent an error or a "
            f"question instead of the file; {_AGAIN}, from a browser if need be"
        )
    if start.startswith(b"version https://git-lfs"):
        raise ModelError(
            f"{path} is a Git LFS pointer and not the file it stands for: fetch that with "
            "`git lfs pull`, or download it from the web page"
        )
    sample = head[:200]
    if not any(byte < 9 for byte in sample) and sample.isascii():
        shown = " ".join(sample.decode().split())[:60]
        raise ModelError(
            f"{path} is a text that begins {shown!r} and no checkpoint: if it is a server's error "
            f"message, {_AGAIN}"
        )


def _refuse_archive(path: Path, head: bytes) -> None:
    """Say that something has to be unpacked first."""
    for magic, name in _ARCHIVES:
        if head.startswith(magic):
            raise ModelError(
                f"{path} is a {name} archive: unpack it and give the checkpoint inside"
            )
    if head[257:262] == b"ustar" and tarfile.is_tarfile(path):
        raise ModelError(f"{path} is a tar archive: unpack it and give the checkpoint inside")
    if head[:4] != b"PK\x03\x04":
        return
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if not any(name.endswith("data.pkl") for name in names):
                likely = [n for n in names if n.endswith((".pt", ".pth", ".ckpt", ".safetensors"))]
                inside = f", perhaps {likely[0]!r}" if likely else ""
                raise ModelError(
                    f"{path} is a zip archive: unpack it and give the checkpoint inside{inside}"
                )
            # torch packs nothing. Packed or overlapping parts are there to fill memory.
            held = sum(part.file_size for part in archive.infolist())
            if held > path.stat().st_size:
                raise ModelError(
                    f"{path} has {path.stat().st_size} bytes and would unpack to {held}: it is no "
                    "checkpoint that torch stored; it was not opened"
                )
            broken = archive.testzip()  # torch does not look at the check sums
    except (
        zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError,
        zlib.error, struct.error,
    ) as error:  # fmt: skip
        raise ModelError(
            f"{path} ends too early: it is the beginning of a checkpoint, {path.stat().st_size} "
            f"bytes of a larger file; {_AGAIN}"
        ) from error
    if broken is not None:
        raise ModelError(f"{path} is damaged (its part {broken!r} has a wrong check sum); {_AGAIN}")


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, MemoryError) as error:
        raise ModelError(
            f"{path} is a safetensors file that ends too early or is damaged: {_AGAIN}"
        ) from error


def _read_torch(path: Path, *, zipped: bool) -> Any:  # noqa: ANN401 (whatever it holds)
    """What a torch file holds, built of tensors and plain values only."""
    import torch
    from torch.torch_version import TorchVersion  # a text with another class; asteroid stores it

    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals([TorchVersion]):
            warnings.simplefilter("ignore")  # on old or strange pickles: they are refused anyway
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except Exception as error:  # a pickle made to do harm can fail in any way
        code = re.search(r"GLOBAL ([\w.]+)", str(error))
        if code:
            raise ModelError(
                f"{path} holds Python code or objects ({code[1]}) that opening it would run: it "
                "was not opened; use a file with weights alone, such as safetensors"
            ) from error
        ended = isinstance(error, (EOFError, IndexError, struct.error))
        if ended or "unexpected EOF" in str(error):
            raise ModelError(
                f"{path} ends too early: it is the beginning of a checkpoint, "
                f"{path.stat().st_size} bytes of a larger file; {_AGAIN}"
            ) from error
        raise ModelError(
            f"{path} is a pickle that is no checkpoint of weights alone, or it is damaged: it was "
            "not opened, because opening it may run code"
        ) from error


def tensors_in(path: Path, held: Any) -> dict[str, Tensor]:  # noqa: ANN401
    """Weights by name in what a checkpoint holds, looked for in the usual places.

    Args:
        path: of the checkpoint, for the message.
        held: of :func:`read_checkpoint`.

    Returns:
        The tensors.

    Raises:
        ModelError: there are none.
    """
    import torch

    if not isinstance(held, Mapping):
        raise ModelError(
            f"{path} holds {type(held).__name__} and no weights by name: give the checkpoint"
        )
    for key in _WITHIN:
        inner = held.get(key)
        if isinstance(inner, Mapping) and any(isinstance(v, torch.Tensor) for v in inner.values()):
            held = inner
            break
    found = {str(k): v for k, v in held.items() if isinstance(v, torch.Tensor)}
    if not found:
        entries = ", ".join(repr(str(key)[:30]) for key in list(held)[:5]) or "nothing"
        raise ModelError(f"{path} holds no weights by name (it has {entries}): give the checkpoint")
    _refuse_empty_claims(path, found)
    return found


def _refuse_empty_claims(path: Path, found: Mapping[str, Tensor]) -> None:
    """Refuse weights that are larger than the file: one number may stand for a million."""
    import torch

    for name, tensor in found.items():
        # What has no numbers in memory (meta), or not all of them (sparse), is nobody's weight.
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise ModelError(
                f"{path} holds {name[:60]!r} in a form that no network here has: give the "
                "checkpoint"
            )
    claimed, size = sum(tensor.nbytes for tensor in found.values()), path.stat().st_size
    if claimed > _MOST_UNPACKED * size:
        raise ModelError(
            f"{path} has {size} bytes and claims weights of {claimed}: it is no checkpoint of a "
            f"network; {_AGAIN}"
        )
