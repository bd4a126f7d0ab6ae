"""The page: complete, self-contained, and safe against odd names."""

from html.parser import HTMLParser

import pytest

from lass.errors import DataError
from lass.evaluation import Report
from lass.evaluation.report import html_report, write_report


def _report(system="ours <1>", name="esc50-fold5"):
    rows = [
        {
            "row": i,
            "label": "dog" if i % 2 else "rain & wind",
            "sdr_improvement": 5.0 + i,
            "si_sdr": 4.0 + i,
            "bounds": {"half": {"sdr_improvement": 3.01, "si_sdr": 0.0}},
        }
        for i in range(4)
    ]
    protocol = {"name": name, "sha256": "abc", "recipe": "r", "sample_rate": 16000}
    return Report(
        system, protocol, rows, [{"row": 9, "error": "DataError: <gone>"}], {"commit": "x"}
    )


class _Balance(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)
        assert not any(name in ("src", "href") for name, _ in attrs)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_shows_what_matters(tmp_path):
    saved = [_report().save(tmp_path / "a.json"), _report("b", "absent").save(tmp_path / "b.json")]
    page = write_report(saved, tmp_path / "site" / "report.html").read_text(encoding="utf-8")
    parser = _Balance()
    parser.feed(page)
    assert not parser.open
    assert {"table", "svg", "details"} <= set(parser.seen)
    for words in ("ours &lt;1&gt;", "rain &amp; wind", "6.50", "3.01", "AudioSep", "10.04", "abc"):
        assert words in page
    assert "1 row(s) of" in page
    assert "<gone>" not in page


def test_nothing_to_report():
    with pytest.raises(DataError, match="no results"):
        html_report([])
