"""The page: complete, self-contained, and safe against odd names."""

import importlib.util
import io
import struct
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lass.errors import DataError
from lass.evaluation import (
    Report,
    Row,
    calibrate,
    evaluate,
    html_report,
    list_protocols,
    load_protocol,
    load_stored,
    verdict,
    worst_examples,
    write_report,
)
from lass.evaluation.calibration import RECIPES
from lass.evaluation.charts import Bar, bars, histogram
from lass.evaluation.markdown import markdown_report, put_between_markers, results_table
from lass.evaluation.pictures import png, spectrogram
from lass.evaluation.published import PUBLISHED, published_beside

ROOT = Path(__file__).parents[2]


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
        if tag not in ("meta", "img"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href"):
                assert value.startswith(("#", "data:")), "the page must load nothing"

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
    assert "zero-shot" in page
    assert "in-domain" in page
    assert "<gone>" not in page


def test_nothing_to_report():
    with pytest.raises(DataError, match="no results"):
        html_report([])
    with pytest.raises(DataError, match="no results"):
        results_table([])


def _whole(page):
    parser = _Balance()
    parser.feed(page)
    assert not parser.open
    return parser.seen


def _row(number=0, target="dog", other="bell", **changes):
    values = {
        "targets": (target,),
        "target_offsets": (0,),
        "interferers": (other,),
        "interferer_offsets": (0,),
        "snr_db": (0.0,),
        "asked": "target",
        "query": target,
        "query_clip": "",
        "label": target,
    }
    return Row(id=number, **(values | changes))


def _decoded(picture):
    """An independent reader of indexed PNG: size and rows of palette colours."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(picture):
        (size,) = struct.unpack(">I", picture[at : at + 4])
        kind, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + size]
        (crc,) = struct.unpack(">I", picture[at + 8 + size : at + 12 + size])
        assert crc == zlib.crc32(kind + data)
        chunks[kind], at = data, at + 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 3)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not lines[:, 0].any()
    return lines[:, 1:], np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)


def test_png_is_what_was_given():
    rng = np.random.default_rng(0)
    indices = rng.integers(0, 5, (7, 11)).astype(np.uint8)
    palette = rng.integers(0, 256, (5, 3)).astype(np.uint8)
    found, colours = _decoded(png(indices, palette))
    np.testing.assert_array_equal(found, indices)
    np.testing.assert_array_equal(colours, palette)


def test_a_tone_is_one_bright_line_at_its_mel_place():
    rate, hertz = 16000, 1000.0
    tone = np.sin(2 * np.pi * hertz * np.arange(rate) / rate)
    indices, _ = _decoded(spectrogram(tone, sample_rate=rate))
    brightest = int(np.argmax(indices[:, 10:-10].mean(axis=1)))
    mel = 2595 * np.log10(1 + np.array([hertz, rate / 2]) / 700)
    assert brightest == pytest.approx(96 * (1 - mel[0] / mel[1]), abs=2)
    quiet, _ = _decoded(spectrogram(0.1 * tone, sample_rate=rate, reference_power=1e9))
    assert quiet.max() < indices.max()
    long, _ = _decoded(spectrogram(np.zeros(300 * 800), sample_rate=800))
    assert long.shape == (96, 300)
    assert not long.any()


def test_charts_put_things_where_they_belong():
    drawn = bars(
        [
            Bar("a & b", {"mean": 5.0, "low": 4.0, "high": 10.0, "n": 3}, "ours"),
            Bar("c", {"mean": -10.0, "low": -10.0, "high": -10.0, "n": 3}, "bound"),
        ],
        label="dB",
    )
    assert "a &amp; b" in drawn
    assert 'class="ours" x="50.00%" y="3" width="24.50%"' in drawn
    assert 'class="bound" x="1.00%" y="3" width="49.00%"' in drawn
    values = [0.1, 0.2, 5.1, 9.9, 10.0]
    shown = histogram(values, label="dB", marks=[("mean", 5.06, "other")])
    assert shown.count("<rect") == 3
    assert "rows per 0.5 dB; largest bar 2 of 5" in shown
    assert "mean 5.06" in shown
    assert histogram([], label="dB") == ""
    assert "<rect" in histogram([3.0, 3.0], label="dB")


def test_comparison_of_two_results(tmp_path):
    first, second = _report("old"), _report("new")
    for report in (first, second):
        report.rows += [{**row, "row": 10 + row["row"]} for row in report.rows]
    for row in second.rows:
        row["sdr_improvement"] += 1.0
    page = html_report([first, second])
    _whole(page)
    assert "new less old, row by row" in page
    assert "new is better by 1.00 dB" in page
    assert "no difference shown" in page
    second.protocol["sha256"] = "other"
    assert "no paired comparison" in html_report([first, second])
    assert verdict({"mean": -1, "low": -2, "high": -0.1, "n": 9}, first="a") == (
        "a is better by 1.00 dB"
    )


def test_presence_beside_the_absent_queries():
    present, absent = _report("s"), _report("s", "absent-query")
    for report, score in ((present, 0.9), (absent, 0.1)):
        for row in report.rows:
            row["score"] = score
    assert "AUROC <b>1.000</b>" in html_report([present, absent])
    assert "no presence scores" in html_report([absent])
    assert "AUROC 1.000" in markdown_report([present, absent])
    assert "AUROC" not in markdown_report([absent])


def test_where_the_numbers_come_from_and_nothing_made_up():
    told = {
        **{"model_sha256": "5f" * 32, "fingerprint": "6e" * 32, "commit": "0123456789ab+"},
        **{"cores": 2, "os": "Linux-6.1-x86_64", "python": "3.11.7", "torch": "2.13.0"},
    }
    reports = [_report("m", name) for name in ("a", "b")] + [_report("m", "c")]
    for report in reports[:2]:
        report.extra = dict(told)
    for text in (markdown_report(reports), html_report(reports)):
        for value in ("m", "5f" * 32, "6e" * 32, "0123456789ab+", "2 cores, Linux-6.1-x86_64",
                      "3.11.7", "torch 2.13.0", "abc"):  # fmt: skip
            assert value in text
        part = text.split("Where the numbers come from")[-1]
        assert part.count("5f" * 32) == 1
        assert "a, b" in part
        assert "not recorded" in part
    reports[2].extra = dict(told)
    assert "not recorded" not in markdown_report(reports)


def test_results_of_a_folder_are_in_the_order_of_the_lists(tmp_path):
    names = [e["name"] for e in list_protocols()]
    for name in sorted(names):
        _report("m", name).save(tmp_path / "r" / f"{name}.json")
    (tmp_path / "r" / "other.json").write_text("[]")
    (tmp_path / "r" / "damaged.json").write_text("{")
    stored = load_stored([tmp_path / "r"])
    assert [r.protocol["name"] for r in stored.reports] == names
    assert stored.left_out == [tmp_path / "r" / "other.json"]
    assert len(stored.errors) == 1
    assert "damaged.json is not JSON" in stored.errors[0]
    files = [tmp_path / "r" / f"{name}.json" for name in reversed(names)]
    assert [r.protocol["name"] for r in load_stored(files).reports] == names[::-1]


def test_worst_examples_in_order_with_pictures_and_sound_only_when_asked(pack, write_list):
    path = write_list([_row(0), _row(1, "bell", "dog"), _row(2, snr_db=(10.0,))])

    def separate(mixture, rate, query):
        return mixture if query == "dog" else 0.5 * mixture

    report = evaluate(separate, path, pack, system="s")
    found = worst_examples(report, separate, pack, protocol=path, count=2)
    values = sorted(r["sdr_improvement"] for r in report.rows)
    assert [e.row["sdr_improvement"] for e in found] == values[:2]
    assert found[0].against == "bell"
    assert not found[0].sounds
    for picture in found[0].pictures.values():
        assert _decoded(picture)[0].shape[0] == 96
    heard = worst_examples(report, separate, pack, protocol=path, count=1, sounds=True)
    samples, rate = soundfile.read(io.BytesIO(heard[0].sounds["estimate"]))
    assert (rate, samples.shape) == (8000, (8000,))
    mixture, _ = soundfile.read(io.BytesIO(heard[0].sounds["mixture"]))
    np.testing.assert_allclose(samples, mixture, atol=2e-4)
    page = html_report([report], examples=heard)
    seen = _whole(page)
    assert (seen.count("img"), seen.count("audio")) == (3, 3)
    assert "audio" not in _whole(html_report([report], examples=found))


def test_calibration_shows_what_each_wrong_recipe_does(pack, write_list):
    path = write_list([_row(0), _row(1, "bell", "dog")])
    found = calibrate(lambda x, *_: 0.5 * x, pack, protocol=load_protocol(path), system="half")
    values = {r["name"]: r for r in found["recipes"]}
    assert list(values) == list(RECIPES)
    right = values["as published here"]
    assert right["shift"] == 0
    assert right["sdr_improvement"] == pytest.approx(10 * np.log10(2), abs=0.02)
    report = evaluate(lambda x, *_: 0.5 * x, path, pack)
    mean = report.summary["sdr_improvement"]["mean"]
    assert right["sdr_improvement"] == pytest.approx(mean, abs=1e-4)
    # Two orthogonal sounds of equal energy: the half and its complement are the same.
    assert values["better of two outputs"]["shift"] == pytest.approx(0, abs=1e-4)
    oracle = calibrate(None, pack, protocol=load_protocol(path))
    assert oracle["recipes"][0]["sdr_improvement"] > 15
    page = html_report([report], calibration=found)
    assert "What a wrong recipe would give" in page
    assert "half on 2 rows" in markdown_report([report], calibration=found)
    with pytest.raises(DataError, match="cannot calibrate"):
        calibrate(None, pack, protocol=load_protocol("long-form"))


def test_published_numbers_are_those_of_the_sources():
    esc = {
        p.system.split()[0]: (p.sdr_improvement, p.si_sdr) for p in published_beside("esc50-fold5")
    }
    assert esc["AudioSep"] == (10.04, 8.81)
    assert esc["CLAPSep"] == (11.49, 10.23)
    assert esc["DP-LASS"] == (11.13, 10.50)
    assert not published_beside("kitchen20")
    assert not any(p.same_protocol for p in PUBLISHED)


def test_markdown_has_every_figure_and_survives_odd_names():
    report = _report("a|b\nc")
    text = markdown_report([report])
    assert "| esc50-fold5 | a/b c | 4 | 6.50 ± " in text
    assert "bound: half" in text
    assert "zero-shot" in text
    assert "AudioSep" in text
    for line in text.splitlines():
        if line.startswith("| esc50-fold5"):
            assert line.count("|") == 9


def test_markers():
    text = "x\n<!-- results:begin -->old<!-- results:end -->\ny"
    once = put_between_markers(text, "new\n")
    assert once == "x\n<!-- results:begin -->\nnew\n<!-- results:end -->\ny"
    assert put_between_markers(once, "new") == once
    for bad in ("no markers", text + text, "<!-- results:end --><!-- results:begin -->"):
        with pytest.raises(DataError, match="once each"):
            put_between_markers(bad, "new")


def test_make_tables_writes_checks_and_orders(tmp_path, monkeypatch, capsys):
    place = importlib.util.spec_from_file_location("make_tables", ROOT / "eval" / "make_tables.py")
    make_tables = importlib.util.module_from_spec(place)
    place.loader.exec_module(make_tables)
    names = [e["name"] for e in list_protocols()][:2]
    for name in reversed(names):
        _report("m", name).save(tmp_path / "results" / f"{name}.json")
    readme = tmp_path / "README.md"
    readme.write_text("# hi\n<!-- results:begin -->\n<!-- results:end -->\n")
    arguments = ["x", "--results", tmp_path / "results", "--report", tmp_path / "REPORT.md"]
    arguments += ["--into", readme, "--html", tmp_path / "report.html"]
    monkeypatch.setattr(sys, "argv", [str(a) for a in [*arguments, "--check"]])
    assert make_tables.main() == 1
    assert "out of date" in capsys.readouterr().err
    assert not (tmp_path / "REPORT.md").exists()
    monkeypatch.setattr(sys, "argv", [str(a) for a in arguments])
    assert make_tables.main() == 0
    assert readme.read_text().index(names[0]) < readme.read_text().index(names[1])
    monkeypatch.setattr(sys, "argv", [str(a) for a in [*arguments, "--check"]])
    assert make_tables.main() == 0
    readme.write_text("no markers")
    assert make_tables.main() == 1
    assert "once each" in capsys.readouterr().err
