"""The deck's JavaScript: one module without imports, and its own tests under Node."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
DECK = HERE.parents[1] / "app" / "lass_editor" / "deck"
node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def test_every_module_is_in_the_bundle_after_those_it_needs():
    from lass_editor.bundle import ORDER

    assert sorted(ORDER) == sorted(path.stem for path in DECK.glob("*.js"))
    for place, name in enumerate(ORDER):
        needed = re.findall(r'from "\./(\w+)\.js"', (DECK / f"{name}.js").read_text())
        assert set(needed) <= set(ORDER[:place]), name


def test_the_bundle_has_one_export_and_no_import():
    from lass_editor.bundle import script

    text = script()
    assert re.findall(r"^export .*?\w+\(", text, re.MULTILINE) == ["export default function mount("]
    assert not re.search(r"^import ", text, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "two modules use one name"


def test_nothing_is_fetched_from_elsewhere():
    from lass_editor.bundle import script, style

    for text in (script(), style()):
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|//cdn|@import|url\(", text)


def test_names_never_become_html():
    from lass_editor.bundle import script

    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script())


@node
def test_the_bundle_is_valid(tmp_path):
    from lass_editor.bundle import script

    path = tmp_path / "bundle.mjs"
    path.write_text(script(), encoding="utf-8")
    subprocess.run(["node", "--check", path], check=True, capture_output=True)


@node
def test_the_decks_own_tests_pass():
    files = sorted(str(path) for path in (HERE / "deck").glob("*.test.mjs"))
    assert files
    done = subprocess.run(["node", "--test", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
