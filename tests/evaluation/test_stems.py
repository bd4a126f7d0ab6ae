"""Folders of stems: against museval itself, and what goes wrong."""

import json
import warnings

import numpy as np
import pytest
import soundfile

from lass.errors import DataError
from lass.evaluation import StemFolder, evaluate_stems
from lass.metrics import sdr

RATE = 4000


def _write(path, samples, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples.T, rate, subtype="FLOAT")


@pytest.fixture
def stems(tmp_path):
    """Two stereo tracks of three stems with a mixture; estimates bleed."""
    rng = np.random.default_rng(0)
    for subset, track in (("test", "one"), ("test", "two")):
        true = 0.1 * rng.standard_normal((3, 2, 3 * RATE))
        if track == "two":
            true[0, :, RATE : 2 * RATE] = 0
        made = true + 0.2 * np.roll(true, 1, axis=0) + 0.01 * rng.standard_normal(true.shape)
        for name, x, y in zip(("vocals", "drums", "bass"), true, made, strict=True):
            _write(tmp_path / "true" / subset / track / f"{name}.wav", x)
            _write(tmp_path / "made" / subset / track / f"{name}.wav", y)
        _write(tmp_path / "true" / subset / track / "mixture.wav", true.sum(axis=0))
    return tmp_path


def _files(stems, track="one"):
    return {
        p.stem: (
            soundfile.read(p, always_2d=True)[0],
            soundfile.read(stems / "made" / "test" / track / p.name, always_2d=True)[0],
        )
        for p in sorted((stems / "true" / "test" / track).glob("*.wav"))
        if p.stem != "mixture"
    }


def test_rows_medians_and_plain_figures(stems):
    report = evaluate_stems(StemFolder(stems / "true", stems / "made"), system="theirs")
    assert not report.failures
    assert [r["row"] for r in report.rows][:3] == ["one/bass", "one/drums", "one/vocals"]
    assert set(report.per_class) == {"bass", "drums", "vocals"}
    assert {"sdr", "sdr_improvement", "bss_sdr", "bss_sir"} <= set(report.summary)
    true, made = _files(stems)["vocals"]
    vocals = next(r for r in report.rows if r["row"] == "one/vocals")
    assert vocals["sdr"] == pytest.approx(float(sdr(true.T, made.T).mean()))
    # A fifth of an equally loud source and a little noise: 10 log10(1 / (0.04 + 0.01)) dB.
    assert vocals["sdr"] == pytest.approx(13.0, abs=0.2)
    assert vocals["bss_sdr"] == pytest.approx(13.0, abs=0.3)
    assert vocals["sdr_improvement"] == pytest.approx(13.0 + 3.0, abs=0.3)


def test_frames_of_silence_are_nan_in_the_json(stems, tmp_path):
    evaluate_stems(StemFolder(stems / "true", stems / "made"), json_dir=tmp_path / "out")
    content = json.loads((tmp_path / "out" / "test" / "two.json").read_text())
    frames = {t["name"]: t["frames"] for t in content["targets"]}
    assert [np.isnan(f["metrics"]["SDR"]) for f in frames["drums"]] == [False, True, False]
    assert [f["time"] for f in frames["bass"]] == [0, 1, 2]


def test_a_single_stem_has_plain_figures_only(stems):
    for name in ("drums", "bass"):
        for track in ("one", "two"):
            (stems / "made" / "test" / track / f"{name}.wav").unlink()
    report = evaluate_stems(StemFolder(stems / "true", stems / "made"))
    assert [r["label"] for r in report.rows] == ["vocals", "vocals"]
    assert "bss_sdr" not in report.summary
    assert "sdr" in report.summary


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: _write(d / "vocals.wav", np.ones((2, 100))), "has 2 channel.*100 samples"),
        (lambda d: _write(d / "vocals.wav", np.ones((1, 3 * RATE))), "has 1 channel"),
        (lambda d: _write(d / "vocals.wav", np.ones((2, 3 * RATE)), 8000), "at 8000 Hz"),
        (lambda d: (d / "vocals.wav").write_text("no"), "is not audio"),
        (lambda d: [p.rename(p.with_suffix(".txt")) for p in d.glob("*.wav")], "no estimate"),
        (lambda d: d.rename(d.with_name("gone")), "there are no estimates"),
        (lambda d: _write(d / "vocals.wav", np.zeros((2, 3 * RATE))), "silent throughout"),
    ],
)
def test_a_bad_track_is_reported_and_the_other_counts(stems, change, words):
    import re

    change(stems / "made" / "test" / "one")
    report = evaluate_stems(StemFolder(stems / "true", stems / "made"))
    assert [f["row"] for f in report.failures] == ["one"]
    assert re.search(words, report.failures[0]["error"])
    assert {r["row"].split("/")[0] for r in report.rows} == {"two"}


def test_bad_folders(tmp_path):
    with pytest.raises(DataError, match=r"folder of references .* is missing"):
        StemFolder(tmp_path / "a", tmp_path).tracks()
    with pytest.raises(DataError, match="holds no tracks"):
        StemFolder(tmp_path, tmp_path).tracks()


@pytest.mark.slow
def test_evalstore_reads_our_json_and_agrees_with_museval(stems, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import museval
        except Exception as error:
            pytest.skip(f"museval cannot be imported: {error}")
        out = tmp_path / "out"
        report = evaluate_stems(StemFolder(stems / "true", stems / "made"), json_dir=out)
        theirs = museval.EvalStore()
        for track in ("one", "two"):
            store = museval.TrackStore(track)
            pairs = _files(stems, track)
            figures = museval.evaluate(
                [x for x, _ in pairs.values()], [y for _, y in pairs.values()], RATE, RATE
            )
            for i, name in enumerate(pairs):
                found = dict(zip(("SDR", "ISR", "SIR", "SAR"), figures, strict=True))
                store.add_target(name, {k: v[i].tolist() for k, v in found.items()})
            theirs.add_track(store)
        ours = museval.EvalStore()
        ours.add_eval_dir(out)
        methods = museval.MethodStore()
        methods.add_eval_dir(out)
        store = museval.TrackStore("one")
        store.scores = json.loads((out / "test" / "one.json").read_text())
        store.validate()
        mine, yours = (x.agg_frames_scores().astype(float) for x in (ours, theirs))
    assert len(mine) == 2 * 3 * 4
    assert (mine.index == yours.index).all()
    np.testing.assert_allclose(mine.to_numpy(), yours.to_numpy(), atol=1e-4)
    for row in report.rows:
        track, target = row["row"].split("/")
        assert row["bss_sir"] == pytest.approx(mine[track, target, "SIR"], abs=1e-4)
    assert set(methods.df["method"]) == {"out"}


@pytest.mark.slow
def test_vocals_and_accompaniment_as_museval_scores_them(stems):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import museval
        except Exception as error:
            pytest.skip(f"museval cannot be imported: {error}")
        from types import SimpleNamespace

        folder = stems / "made" / "test" / "one"
        both = [soundfile.read(folder / f"{n}.wav")[0] for n in ("bass", "drums")]
        _write(folder / "accompaniment.wav", sum(both).T)
        pairs = _files(stems)
        true = {n: x for n, (x, _) in pairs.items()}
        true["accompaniment"] = true["bass"] + true["drums"]
        made = {n: y for n, (_, y) in pairs.items()} | {"accompaniment": sum(both)}
        track = SimpleNamespace(
            name="one", rate=RATE, targets={n: SimpleNamespace(audio=x) for n, x in true.items()}
        )
        yours = museval.eval_mus_track(track, made).df
    medians = yours.groupby(["target", "metric"])["score"].apply(
        lambda x: float(np.nanmedian(x.astype(float)))
    )
    report = evaluate_stems(StemFolder(stems / "true", stems / "made"))
    rows = {r["label"]: r for r in report.rows if r["row"].startswith("one/")}
    assert set(rows) == {"bass", "drums", "vocals", "accompaniment"}
    for name, row in rows.items():
        for figure in ("sdr", "isr", "sir", "sar"):
            assert row[f"bss_{figure}"] == pytest.approx(medians[name, figure.upper()], abs=1e-3)
