"""The command line in this process, with tiny models."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lass.audio import write


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What was said on stderr, which must be one line and no traceback."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


@pytest.fixture
def separate(models, capsys):
    """Run ``separate`` with the tiny model (unless another is named)."""
    from lass.cli.separate import main

    def run(*arguments, model=models / "separator"):
        chosen = [] if model is None else ["--model", str(model)]
        with pytest.raises(SystemExit) as stop:
            main([*map(str, arguments), *chosen])
        told = capsys.readouterr()
        return Done(int(stop.value.code), told.out, told.err)

    return run


@pytest.fixture
def lass_command(capsys):
    """Run ``lass``."""
    from lass.cli.main import main

    def run(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return Done(int(stop.value.code), told.out, told.err)

    return run


@pytest.fixture
def recording(tmp_path, sound, monkeypatch):
    """Write a sound into the current folder, which is empty and temporary."""
    monkeypatch.chdir(tmp_path)

    def make(name="in.wav", *, rate=16000, subtype="PCM_16", **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, sound(rate, **options), sample_rate=rate, subtype=subtype)
        return path

    return make


@pytest.fixture(scope="session")
def foreign(tmp_path_factory, models):
    """Tiny separators that are asked by a tiny CLAP and a tiny CLIP."""
    pytest.importorskip("transformers")
    from tests.conftest import make_separator
    from tests.query.tiny import make_clap, make_clip

    folder = tmp_path_factory.mktemp("foreign")
    make_clap(folder / "larger_clap_general")
    make_clip(folder / "clip-vit-base-patch32")
    make_separator(folder / "by-clap", encoder="larger_clap_general", space="clap-larger-general")
    make_separator(folder / "by-clip", encoder="clip-vit-base-patch32", space="clip-vit-b32")
    return folder
