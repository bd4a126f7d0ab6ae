"""The package as a whole: quick to import, lazy, complete."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lass
from lass import errors
from lass.zoo import list_models, load, load_encoder, model_folder, verify

ROOT = Path(lass.__file__).parent.parent


def run(code):
    """Run code in a fresh interpreter; its last line of output is the result."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip().splitlines()[-1]


def test_import_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, time; start = time.process_time(); import lass;"
        "took = time.process_time() - start;"
        "heavy = {'torch', 'numpy', 'soundfile', 'soxr', 'typer'} & set(sys.modules);"
        "print(took, *heavy)"
    )
    took, *heavy = min((run(code).split() for _ in range(3)), key=lambda r: float(r[0]))
    assert not heavy
    assert float(took) < 0.3


def test_import_touches_no_file_and_no_network():
    code = (
        "import sys, pathlib, os; seen = [];"
        "sys.addaudithook(lambda e, a: seen.append((e, str(a[0]))) "
        "if e == 'open' or e.startswith('socket') else None);"
        "import lass; print([s for s in seen if not s[1].endswith(('.py', '.pyc'))])"
    )
    assert run(code) == "[]"


def test_public_names_are_sorted_and_there():
    assert lass.__all__ == sorted(lass.__all__)
    for name in lass.__all__:
        assert getattr(lass, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lass.nothing


def test_errors_are_listed_and_related():
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.LassError)


def test_extras_are_those_of_the_design():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {line.split(">")[0] for line in project["dependencies"]}
    assert names == {
        "torch", "numpy", "soundfile", "soxr", "safetensors", "tokenizers", "typer", "rich",
    }  # fmt: skip


def test_shipped_models_are_the_published_ones():
    assert {"compact", "default"} <= set(list_models())
    for name in list_models():
        verify(model_folder(name))


def test_default_model_and_encoder_speak_one_space():
    model = load()
    assert model.encoder.space == model.config["space"] == load_encoder().space == "compact-v1"
    assert not model.network.training


def test_models_stay_small():
    # The wheel may take 60 MB; models are nearly all of it, and weights hardly compress.
    sizes = [p.stat().st_size for name in list_models() for p in model_folder(name).iterdir()]
    assert sum(sizes) < 50e6
