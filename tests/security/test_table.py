"""docs/reliability.md says only what is there."""

import ast
import importlib.util
import re
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

import lass

ROOT = Path(lass.__file__).parent.parent
PAGE = ROOT / "docs" / "reliability.md"


def named():
    return sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text("utf-8"))))


def test_the_page_names_tests():
    assert len(named()) > 30


@pytest.mark.parametrize(("path", "name"), named())
def test_every_test_of_the_page_exists(path, name):
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_names_of_slow_tests_and_no_others_are_in_italics():
    text = PAGE.read_text("utf-8")
    for path, name in named():
        slow = f"*`{path}::{name}`*" in text
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        (found,) = [node for node in tree.body if getattr(node, "name", "") == name]
        marks = [ast.unparse(mark) for mark in found.decorator_list]
        marks += [
            ast.unparse(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        ]
        assert slow == any("pytest.mark.slow" in mark for mark in marks), name


def test_its_tables_are_those_of_the_stored_results():
    loader = SourceFileLoader("fuzz_script", str(ROOT / "scripts" / "fuzz"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("fuzz_script", loader))
    loader.exec_module(module)
    text = PAGE.read_text("utf-8")
    assert module.report(text) == text, "run `scripts/fuzz report`"
    assert "not run yet" in module.soak_table(ROOT / "nothing")
