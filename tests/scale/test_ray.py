"""The engine on Ray: a real cluster of three nodes, one of them killed in the middle."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

ray_is_there = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed"
)


@pytest.mark.slow
@ray_is_there
def test_a_lost_node_loses_no_file(tmp_path):
    done = subprocess.run(
        [sys.executable, "scripts/soak", "many-ray", "--count", "24", "--model", "tiny",
         "--out", str(tmp_path), "--work", str(tmp_path / "work")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "many-ray.json").read_text())
    assert told["losses"] == 0
    assert told["problems"] == []
    assert told["recorded_as_done_once"] == 24
    assert told["outputs_equal_to_local_engine"] == 48
    assert "was killed after" in told["faults_injected"][0]


@pytest.mark.slow
def test_a_killed_run_loses_no_file(tmp_path):
    done = subprocess.run(
        [sys.executable, "scripts/soak", "many-local", "--count", "24", "--model", "tiny",
         "--out", str(tmp_path), "--work", str(tmp_path / "work")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@ray_is_there
def test_a_core_is_left_to_the_driver(monkeypatch):
    from lass.scale.ray_engine import RayEngine, _ray

    for cores, asked, threads, expected in [
        (1, None, 1, (1, 0.5)),
        (2, None, 1, (1, 1.0)),
        (16, None, 1, (15, 1.0)),
        (16, 4, 1, (4, 1.0)),
        (16, 99, 4, (3, 4.0)),
    ]:
        monkeypatch.setattr(_ray(), "cluster_resources", lambda cores=cores: {"CPU": cores})
        assert RayEngine(actors=asked, threads=threads)._pool() == expected
        actors, each = expected
        assert actors * each < cores
