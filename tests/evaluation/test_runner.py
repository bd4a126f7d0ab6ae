"""Whole evaluations on a tiny pack, the published lists, and what goes wrong."""

import csv
import hashlib
import json
import re

import numpy as np
import pytest

from lass.errors import DataError
from lass.evaluation import (
    Answer,
    ClipStore,
    Report,
    Row,
    auroc,
    calibration_error,
    compare,
    evaluate,
    list_protocols,
    load_protocol,
    mean_interval,
    presence_quality,
)
from lass.evaluation.bounds import istft, stft
from lass.evaluation.protocol import parse_rows, protocol_dir


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


def test_bounds_and_a_perfect_separator(pack, write_list):
    path = write_list([_row(), _row(1, "bell", "dog")])
    answers = {}

    def separate(mixture, rate, query):
        assert mixture.dtype == np.float32
        assert rate == 8000
        low = stft(mixture, sample_rate=rate)
        cut = low.shape[-1] // 5
        low[..., cut:] = 0
        dog = istft(low, sample_rate=rate, length=mixture.shape[-1])
        answers[query] = dog if query == "dog" else mixture - dog
        return answers[query]

    seen = []
    report = evaluate(separate, path, pack, on_progress=lambda *x: seen.append(x), system="filter")
    assert seen == [(1, 2), (2, 2)]
    assert not report.failures
    assert report.summary["sdr_improvement"]["mean"] > 15
    assert report.bounds["half"]["sdr_improvement"]["mean"] == pytest.approx(3.01, abs=0.02)
    assert report.bounds["half"]["si_sdr"]["mean"] == pytest.approx(0, abs=0.05)
    assert report.bounds["mixture"]["sdr_improvement"]["mean"] == 0
    for mask in ("ratio_mask", "binary_mask", "real_mask"):
        assert report.bounds[mask]["sdr"]["mean"] > 15
    best = report.bounds["real_mask"]["sdr"]["mean"]
    assert best >= report.bounds["ratio_mask"]["sdr"]["mean"]
    assert set(report.per_class) == {"dog", "bell"}


def test_two_runs_agree_and_survive_saving(pack, write_list, tmp_path):
    path = write_list([_row(), _row(1, "bell", "dog")])
    runs = [evaluate(lambda x, *_: 0.5 * x, path, pack) for _ in range(2)]
    assert runs[0].as_dict() == runs[1].as_dict()
    saved = runs[0].save(tmp_path / "new" / "r.json")
    again = Report.load(saved)
    assert again.summary["sdr"]["mean"] == pytest.approx(runs[0].summary["sdr"]["mean"], abs=1e-3)
    assert list(saved.parent.iterdir()) == [saved]
    assert compare(runs[0], again)["mean"] == pytest.approx(0, abs=1e-3)
    with pytest.raises(DataError, match="different lists"):
        compare(runs[0], Report("x", {"sha256": "other"}, []))
    saved.write_text("{}")
    with pytest.raises(DataError, match="not a saved report"):
        Report.load(saved)


def test_wrong_absent_and_example_queries(pack, write_list):
    rows = [
        _row(0, asked="interferer", query="bell"),
        _row(1, asked="nothing", query="siren"),
        _row(2, query="", query_clip="bell"),
    ]
    queries = []

    def separate(mixture, rate, query):
        queries.append(query)
        return Answer(0.1 * mixture[0], score=len(queries))

    report = evaluate(separate, write_list(rows), pack)
    assert queries[:2] == ["bell", "siren"]
    assert queries[2].samples.shape == (1, 8000)
    assert "swap_margin" in report.rows[0]
    assert "sdr" not in report.rows[1]
    assert report.rows[1]["leakage"] == pytest.approx(-20, abs=1e-4)
    assert report.rows[1]["bounds"]["half"]["leakage"] == pytest.approx(-6.0206, abs=1e-3)
    assert report.bounds["half"]["leakage"]["n"] == 1
    assert report.bounds["half"]["si_sdr"]["n"] == 2
    assert [row["score"] for row in report.rows] == [1, 2, 3]
    with pytest.raises(DataError, match="one is empty"):
        presence_quality(report, Report("x", {}, []))


@pytest.mark.parametrize(
    ("row", "separate", "words"),
    [
        (_row(target="cat"), None, "'cat' is silent"),
        (_row(target="nobody"), None, "No clip 'nobody'"),
        (_row(target="secret"), None, "training material"),
        (_row(target="gone"), None, "no member 'gone.ogg'"),
        (_row(), lambda x, *_: x[:, 1:], r"returned shape \(1, 7999\)"),
        (_row(), lambda x, *_: x * np.nan, "not finite"),
    ],
)
def test_a_bad_row_is_reported_and_the_others_count(pack, write_list, row, separate, words):
    path = write_list([row, _row(1)])
    good = 0.5

    def run(mixture, rate, query):
        nonlocal good
        if separate is not None and good == 0.5:
            good = 1.0
            return separate(mixture)
        return mixture

    report = evaluate(run, path, pack)
    assert [f["row"] for f in report.failures] == [0]
    assert re.search(words, report.failures[0]["error"])
    assert [r["row"] for r in report.rows] == [1]


HEAD = (
    "id,targets,target_offsets,interferers,interferer_offsets,snr_db,asked,query,query_clip,label\n"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,query\n1,dog\n", "lacks the column"),
        (HEAD.replace("label", "label,mood") + "\n", "unknown column.*mood"),
        (HEAD, "no rows"),
        (HEAD + "x,a,0,b,0,0,target,dog,,dog\n", "line 2: a number is expected"),
        (HEAD + "1,a,0;1,b,0,0,target,dog,,dog\n", "line 2: 'targets'"),
        (HEAD + "1,a,0,b,0;1,0,target,dog,,dog\n", "line 2: 'interferers' and 'interferer_off"),
        (HEAD + "1,a,0,b,0,0;1,target,dog,,dog\n", "line 2: 'interferers' and 'snr_db'"),
        (HEAD + "1,a,0,b,0,0,maybe,dog,,dog\n", "line 2: 'asked' is 'maybe'"),
        (HEAD + "1,a,0,b,0,0,target,,,dog\n", "exactly one of 'query'"),
    ],
)
def test_a_wrong_list_is_one_clear_sentence(text, words):
    with pytest.raises(DataError, match=words):
        parse_rows(text)


def test_a_changed_list_is_refused(pack, write_list):
    path = write_list([_row()], sha256="0" * 64)
    with pytest.raises(DataError, match="SHA-256"):
        load_protocol(path)
    with pytest.raises(DataError, match=r"No protocol 'nothing'.*esc50-fold5"):
        load_protocol("nothing")
    with pytest.raises(DataError, match="No index"):
        load_protocol(pack / "x.csv")


def test_bad_packs(tmp_path):
    with pytest.raises(DataError, match="No manifest"):
        ClipStore(tmp_path)
    (tmp_path / "manifest-a.csv").write_text("key,shard\n")
    with pytest.raises(DataError, match="lacks the column"):
        ClipStore(tmp_path)


def test_a_likelihood_has_no_calibration_error():
    scores = np.random.default_rng(0).uniform(0, 1, 40000)
    there = np.random.default_rng(1).uniform(0, 1, scores.size) < scores
    # Halves of the same size, so that weighing them alike changes nothing.
    size = min(there.sum(), (~there).sum())
    present, absent = scores[there][:size], scores[~there][:size]
    assert calibration_error(present, absent) < 0.02
    squeezed = calibration_error(0.5 + 0.25 * (present - 0.5), 0.5 + 0.25 * (absent - 0.5))
    assert squeezed == pytest.approx(np.mean(np.abs(0.75 * (scores - 0.5))), abs=0.03)
    assert calibration_error([0.5] * 3, [0.5] * 90) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(DataError, match="empty"):
        calibration_error([], [0.1])


def test_statistics():
    values = np.random.default_rng(0).normal(5, 1, 400)
    found = mean_interval(values)
    assert found == mean_interval(values)
    assert found["low"] < values.mean() < found["high"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert auroc([1, 2], [0, 0]) == 1
    with pytest.raises(DataError, match="no values"):
        mean_interval([])


def test_published_lists_are_whole():
    entries = list_protocols()
    assert {e["name"] for e in entries} >= {"esc50-fold5", "instruments10", "absent-query"}
    for entry in entries:
        protocol = load_protocol(entry["name"])
        assert len(protocol) == entry["rows"]
        assert len({row.id for row in protocol.rows}) == len(protocol)
        for row in protocol.rows:
            assert not set(row.targets) & set(row.interferers)
    fold5 = load_protocol("esc50-fold5")
    assert len({row.targets for row in fold5.rows}) == 400
    by_id = {row.id: row for row in fold5.rows}
    for row in load_protocol("paraphrase").rows:
        assert row.query != row.label
        assert row.interferers == by_id[row.id].interferers
    files = {p.stem for p in protocol_dir().glob("*.csv")}
    assert files == {e["name"] for e in entries}


@pytest.mark.slow
def test_lists_are_built_again_byte_for_byte(tmp_path):
    import os
    import subprocess
    import sys
    from pathlib import Path

    if "LASS_DATA" not in os.environ:
        pytest.skip("needs the data pack: set LASS_DATA to its folder")
    data = Path(os.environ["LASS_DATA"])
    root = Path(__file__).parents[2]
    command = [sys.executable, root / "eval" / "build_protocols.py", "--data", data]
    environment = os.environ | {"PYTHONPATH": str(root)}
    subprocess.run([*command, "--out", tmp_path], check=True, env=environment)
    for path in tmp_path.iterdir():
        published = (root / "eval" / "protocols" / path.name).read_bytes()
        assert hashlib.sha256(published).digest() == hashlib.sha256(path.read_bytes()).digest()
    with (data / "manifest-sound.csv").open() as file:
        clips = {row["key"]: row for row in csv.DictReader(file)}
    names = [e["name"] for e in json.loads((tmp_path / "index.json").read_text())["protocols"]]
    for name in names:
        for row in load_protocol(name).rows:
            for key in (*row.targets, *row.interferers, row.query_clip):
                assert not key or clips[key]["split"] == "test"
            if len(row.targets) == 1:
                sources = [clips[k]["source"] for k in (*row.targets, *row.interferers)]
                assert len(set(sources)) == len(sources)
