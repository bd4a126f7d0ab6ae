"""A user's own list: what works, and one clear sentence for what does not."""

import numpy as np
import pytest
import soundfile

from lass.errors import DataError
from lass.evaluation import evaluate_list


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    target, noise = 0.1 * rng.standard_normal((2, 4000))
    for name, samples in {
        "t": target,
        "n": noise,
        "m": target + noise,
        "short": target[:3000],
        "zero": 0 * target,
        "nan": np.nan * target,
    }.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, 8000, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("hello")
    return tmp_path


def _write(folder, text):
    (folder / "list.csv").write_text(text)
    return folder / "list.csv"


def test_own_list(folder):
    path = _write(folder, "mixture,target,query,noise\nm.wav,t.wav,dog,n.wav\n")
    report = evaluate_list(lambda x, rate, query: 0.5 * x, path, system="half")
    assert not report.failures
    half = report.bounds["half"]["sdr"]["mean"]
    assert report.summary["sdr"]["mean"] == pytest.approx(half, abs=1e-6)
    assert list(report.per_class) == ["dog"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("gone.wav,t.wav,dog,", "the mixture .*gone.wav is missing"),
        ("m.wav,zero.wav,dog,", "the target zero.wav is silent"),
        ("m.wav,short.wav,dog,", "mixture 4000 samples at 8000 Hz, target 3000 samples"),
        ("m.wav,text.wav,dog,", "the target .*text.wav is not audio"),
        ("m.wav,t.wav,dog,t.wav", "do not add up"),
        ("m.wav,t.wav,,", "'query' is empty"),
        (",t.wav,dog,", "'mixture' is empty"),
        ("m.wav,t.wav", "'query' is empty"),
        ("m.wav,nan.wav,dog,", "the target .*nan.wav has samples that are not finite"),
    ],
)
def test_bad_rows(folder, row, words):
    import re

    path = _write(folder, f"mixture,target,query,noise\nm.wav,t.wav,cat,\n{row}\n")
    report = evaluate_list(lambda x, *_: x, path, bounds=False)
    assert len(report.rows) == 1
    assert re.search("list.csv, line 3: .*" + words, report.failures[0]["error"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mixture,query\n", "needs the columns mixture, target, query"),
        ("mixture,target,query,mood\n", "needs the columns"),
        ("mixture,target,query\n", "no rows"),
        ("mixture;target;query\nm.wav;t.wav;dog\n", "separated by commas"),
        ("mixture,target,query,query\n", "needs the columns"),
        ("mixture,target,query\nm.wav,t.wav,dog, barking\n", "line 2: .* into quotes"),
        ('mixture,target,query\n"m.wav,t.wav,dog\n', "not a CSV file"),
        ("", "it has none"),
    ],
)
def test_bad_lists(folder, text, words):
    with pytest.raises(DataError, match=words):
        evaluate_list(lambda x, *_: x, _write(folder, text))
    with pytest.raises(DataError, match="is missing"):
        evaluate_list(lambda x, *_: x, folder / "no.csv")
    (folder / "list.csv").write_bytes("mixture,target,query\nm.wav,t.wav,Bär\n".encode("latin-1"))
    with pytest.raises(DataError, match="not a CSV file in UTF-8"):
        evaluate_list(lambda x, *_: x, folder / "list.csv")
