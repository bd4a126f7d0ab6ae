"""What the package rests on is pinned, licensed permissively, and can be audited."""

import importlib.util
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.machinery import SourceFileLoader

import pytest

from lass.zoo import resources

SCRIPT = resources("lass").parent / "scripts" / "supply"


@pytest.fixture(scope="module")
def supply():
    loader = SourceFileLoader("supply", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("supply", loader))
    # dataclasses look their module up
    import sys

    sys.modules["supply"] = module
    loader.exec_module(module)
    return module


@pytest.fixture
def advisories():
    """A stand-in for osv.dev that knows one bad version."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            bad = {"package": {"ecosystem": "PyPI", "name": "leaky"}, "version": "1.0"}
            results = [{"vulns": [{"id": "TEST-1"}]} if q == bad else {} for q in asked]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"results": results}).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_the_core_is_pinned_and_permissive(supply):
    found = {n: p for n, p in supply.packages().items() if "" in p.wanted_by}
    assert {"torch", "numpy", "soundfile", "typer"} <= set(found)
    assert "ray" not in found
    assert supply.problems(found, supply.pins(SCRIPT.parent.parent / "constraints.txt")) == []


def test_a_wrong_version_and_a_wrong_licence_are_told(supply):
    found = {
        "a": supply.Package("a", "1.0", "GPL-3.0-only", {""}),
        "b": supply.Package("b", "2.0", "MIT", {""}),
        "c": supply.Package("c", "3.0", "GPL-3.0-only", {"extra"}),
    }
    said = supply.problems(found, {"a": "1.0", "b": "2.1", "c": "3.0"})
    assert said == [
        "a is in the core, and its licence is 'GPL-3.0-only'",
        "b 2.0 is installed, constraints.txt has 2.1",
    ]


def test_bill_of_materials(supply):
    found = {"b": supply.Package("B", "2.0", "MIT", {""})}
    told = json.loads(supply.sbom(found, "1.2"))
    assert told["specVersion"] == "1.6"
    assert told["components"][0]["purl"] == "pkg:pypi/b@2.0"
    assert told["components"][0]["scope"] == "required"


def test_audit_finds_the_bad_one_among_many(supply, advisories):
    pinned = {f"p{n}": "1" for n in range(700)} | {"leaky": "1.0", "other": "1.0"}
    assert supply.audit(pinned, advisories) == ["leaky 1.0: TEST-1"]
