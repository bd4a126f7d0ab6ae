"""Every kept input and every seed comes out of its reader as promised."""

import importlib.util
import subprocess
import sys
import time

import pytest

from tests.fuzz.harness import CORPUS, HERE, SECONDS, TARGETS, judge, kept, load

ROOT = HERE.parent.parent


@pytest.mark.parametrize("name", TARGETS)
def test_only_errors_of_our_own_come_out(name, tmp_path):
    target = _needed(name)
    inputs = [path.read_bytes() for path in kept(name)] + list(target.seeds().values())
    assert inputs
    for data in [*inputs, b""]:
        started = time.monotonic()
        assert judge(target, data, tmp_path) is None, data[:200]
        assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("name", TARGETS)
def test_some_seed_is_accepted(name, tmp_path):
    """A target whose every input is refused at the door would test nothing."""
    from lass.errors import LassError

    target, accepted = _needed(name), 0
    for data in target.seeds().values():
        try:
            target.run(data, tmp_path)
            accepted += 1
        except LassError:
            continue
    assert accepted


def _needed(name):
    """A target, unless what it reads with is not installed."""
    target = load(name)
    for module in getattr(target, "NEEDS", ()):
        pytest.importorskip(module)
    return target


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_watched_is_there(name):
    """A module that was moved would leave the fuzzing without a look at it."""
    for module in load(name).MODULES:
        assert importlib.util.find_spec(module) is not None, module


def test_the_corpus_stays_small():
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 200_000
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)


def test_a_mistake_would_be_noticed(tmp_path):
    class Target:
        @staticmethod
        def run(data, folder):
            raise KeyError(data)

    what, trace = judge(Target, b"x", tmp_path)
    assert what.startswith("KeyError at ")
    assert "KeyError" in trace


def test_the_program_finds_a_planted_mistake(tmp_path):
    """`scripts/fuzz` itself, by its own mutator, on a reader that fails on one byte."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "fuzz", "planted", "--minutes", "0.03",
         "--engine", "own", "--out", tmp_path / "fuzz.json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "IndexError" in done.stdout
    assert '"inputs": 0' not in (tmp_path / "fuzz.json").read_text()
