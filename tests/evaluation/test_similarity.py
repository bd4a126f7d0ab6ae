"""CLAPScore and audio similarity with an encoder whose vectors are known."""

import numpy as np
import pytest

from lass.errors import DataError
from lass.evaluation import Report, evaluate, evaluate_list, html_report
from lass.evaluation.comparison import paired_table
from lass.evaluation.markdown import markdown_report
from tests.evaluation.test_runner import _row

BANDS = 6


class Toy:
    """Words become drawn vectors, recordings the level in six bands of their spectrum."""

    def __init__(self, space="toy-v1"):
        self.space, self.heard = space, []

    def encode_text(self, texts):
        rows = [np.random.default_rng(len(t)).standard_normal(BANDS) for t in texts]
        return np.array(rows, np.float32)

    def encode_audio(self, audio, *, sample_rate):
        assert audio.dtype == np.float32
        assert audio.shape[0] == 1
        self.heard.append((sample_rate, audio))
        return bands(audio[0])


def bands(signal):
    power = np.abs(np.fft.rfft(np.asarray(signal, np.float32))) ** 2
    return np.log1p([part.sum() for part in np.array_split(power, BANDS)]).astype(np.float32)


def cosine(a, b):
    a, b = np.float64(a), np.float64(b)
    return np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)


def test_each_figure_is_the_cosine_it_is_said_to_be(pack, write_list):
    path = write_list([_row(0), _row(1, "bell", "dog")])
    answers = []

    def separate(mixture, rate, query):
        answers.append((mixture, 0.3 * np.roll(mixture, 5) ** 2))
        return answers[-1][1]

    encoder = Toy()
    report = evaluate(separate, path, pack, encoder=encoder)
    assert report.extra == {"similarity_space": "toy-v1"}
    assert {rate for rate, _ in encoder.heard} == {8000}
    targets = [audio for _, audio in encoder.heard[::3]]
    for row, (mixture, estimate), target in zip(report.rows, answers, targets, strict=True):
        words = encoder.encode_text([row["query"]])[0]
        heard, true, mixed = (bands(x[0]) for x in (estimate, target, mixture))
        assert row["clap_score"] == pytest.approx(cosine(heard, words), abs=1e-6)
        assert row["clap_score_target"] == pytest.approx(cosine(true, words), abs=1e-6)
        assert row["audio_similarity"] == pytest.approx(cosine(heard, true), abs=1e-6)
        bound = row["bounds"]["mixture"]
        assert bound["clap_score"] == pytest.approx(cosine(mixed, words), abs=1e-6)
        assert bound["audio_similarity"] == pytest.approx(cosine(mixed, true), abs=1e-6)
        assert "clap_score" not in row["bounds"]["half"]
    plain = evaluate(separate, path, pack)
    assert "clap_score" not in plain.rows[0]
    assert plain.extra == {}
    assert plain.rows[0]["sdr"] == report.rows[0]["sdr"]


def test_the_true_target_is_perfectly_alike_and_silence_is_like_nothing(pack, write_list):
    path = write_list([_row(0, other="bell")])
    clean = {}

    def listen(mixture, rate, query):
        clean["mixture"] = mixture
        return np.zeros_like(mixture)

    (row,) = evaluate(listen, path, pack, encoder=Toy()).rows
    assert row["clap_score"] == row["audio_similarity"] == 0.0
    assert row["clap_score_target"] != 0.0
    rest = {}

    class Peek(Toy):
        def encode_audio(self, audio, *, sample_rate):
            rest.setdefault("target", audio)
            return super().encode_audio(audio, sample_rate=sample_rate)

    evaluate(listen, path, pack, encoder=Peek())
    (row,) = evaluate(lambda *_: rest["target"], path, pack, encoder=Toy()).rows
    assert row["audio_similarity"] == pytest.approx(1.0, abs=1e-9)
    assert row["clap_score"] == pytest.approx(row["clap_score_target"], abs=1e-9)


def test_only_what_has_a_meaning_is_measured(pack, write_list):
    rows = [_row(0, asked="nothing", query="siren"), _row(1, query="", query_clip="bell")]
    report = evaluate(lambda x, *_: x, write_list(rows), pack, encoder=Toy())
    absent, by_example = report.rows
    assert "clap_score" in absent
    assert not {"clap_score_target", "audio_similarity"} & set(absent)
    assert "audio_similarity" in by_example
    assert not {"clap_score", "clap_score_target"} & set(by_example)


def test_rows_of_another_space_are_not_taken_over(pack, write_list, tmp_path):
    path, state = write_list([_row(0)]), tmp_path / "rows.jsonl"
    evaluate(lambda x, *_: x, path, pack, encoder=Toy(), resume=state)
    for encoder in (None, Toy("other")):
        with pytest.raises(DataError, match=r"another run .*similarity_space 'toy-v1'"):
            evaluate(lambda x, *_: x, path, pack, encoder=encoder, resume=state)


def test_a_list_of_ones_own_and_the_reports(tmp_path):
    import soundfile

    rng = np.random.default_rng(0)
    target, noise = 0.1 * rng.standard_normal((2, 4000))
    for name, samples in {"t": target, "m": target + noise}.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, 8000, subtype="FLOAT")
    lines = ["mixture,target,query", *["m.wav,t.wav,dog"] * 7]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    path = tmp_path / "list.csv"
    report = evaluate_list(lambda x, *_: x, path, encoder=Toy(), system="same")
    expected = cosine(bands(target + noise), Toy().encode_text(["dog"])[0])
    assert report.summary["clap_score"]["mean"] == pytest.approx(expected, abs=1e-4)
    for text in (markdown_report([report]), html_report([report])):
        for words in ("CLAPScore", "audio similarity", f"{expected:.3f}", "toy-v1"):
            assert words in text
        assert "CLAPScore (dB)" not in text
        assert "swap margin" not in text
    better = Report("b", report.protocol, [{**r, "clap_score": 0.9} for r in report.rows])
    told = paired_table(report, better, names=("a", "b"))["clap_score"]["verdict"]
    assert told == f"b is better by {0.9 - expected:.3f}"
