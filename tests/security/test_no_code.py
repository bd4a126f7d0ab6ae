"""Nothing in the package can run code from a file, and no shell ever sees a user's words."""

import ast
from pathlib import Path

import pytest

import lass

ROOT = Path(lass.__file__).parent
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "yaml"}
CALLS = {"eval", "exec", "compile", "__import__"}
DOTTED = {
    "os.system", "os.popen", "os.execv", "os.execvp", "subprocess.getoutput", "torch.hub.load",
    "torch.jit.load", "subprocess.getstatusoutput", "runpy.run_path", "tempfile.mktemp",
    "shutil.unpack_archive",
}  # fmt: skip
METHODS = {"extractall"}
# `lass eval` hands its own work to processes that it has just started: never from a file.
ALLOWED = {"evaluation/running.py": ["imports pickle"]}


def dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def names_imported(node):
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {(node.module or "").split(".")[0]} if isinstance(node, ast.ImportFrom) else set()


def keyword(call, name):
    return next((word.value for word in call.keywords if word.arg == name), None)


def is_true(node):
    return isinstance(node, ast.Constant) and node.value is True


def wrong(node):
    """What is wrong with a piece of code, or nothing."""
    if found := names_imported(node) & MODULES:
        return f"imports {', '.join(found)}"
    if not isinstance(node, ast.Call):
        return None
    called = dotted(node.func)
    if isinstance(node.func, ast.Name) and called in CALLS:
        return f"calls {called}"
    if called in DOTTED or (isinstance(node.func, ast.Attribute) and node.func.attr in METHODS):
        return f"calls {called or node.func.attr}"
    if called == "torch.load" and not is_true(keyword(node, "weights_only")):
        return "calls torch.load without weights_only=True"
    if called in ("numpy.load", "np.load") and is_true(keyword(node, "allow_pickle")):
        return "calls numpy.load with allow_pickle"
    shell = keyword(node, "shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False):
        return "starts a shell"
    remote = keyword(node, "trust_remote_code")
    if remote is not None and not (isinstance(remote, ast.Constant) and remote.value is False):
        return "trusts remote code"
    return None


def complaints(text):
    return [said for node in ast.walk(ast.parse(text)) if (said := wrong(node))]


def test_no_module_can_run_what_a_file_says():
    paths = sorted(ROOT.rglob("*.py"))
    assert len(paths) > 150
    found = {str(p.relative_to(ROOT)): complaints(p.read_text(encoding="utf-8")) for p in paths}
    assert {path: said for path, said in found.items() if said} == ALLOWED


def test_the_one_exception_reads_no_file():
    tree = ast.parse((ROOT / "evaluation" / "running.py").read_text())
    used = {
        (dotted(node.func), ast.unparse(node.args[0]))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func).startswith("pickle.")
    }
    assert used == {("pickle.dumps", "work"), ("pickle.loads", "packed")}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from yaml import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=safe)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=flag)",
        "archive.extractall(folder)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
    ],
)
def test_the_search_finds_what_it_is_for(text):
    assert len(complaints(text)) == 1


def test_what_is_harmless_is_let_be():
    text = (
        "import json, re\nre.compile('a')\nmodel.eval()\ntorch.load(p, weights_only=True)\n"
        "np.load(p)\nsubprocess.run([a], shell=False)"
    )
    assert complaints(text) == []
