"""`lass eval`: lists measured, kept, taken up again, compared and reported."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
import typer

from lass.cli import evaluate
from lass.cli.evaluate_show import RowBar
from lass.cli.running import run
from lass.evaluation import Report, Row
from lass.evaluation.protocol import dump_rows
from tests.cli.conftest import Done
from tests.data.pack import make_pack

RATE = 8000


@pytest.fixture(autouse=True)
def no_data_in_the_environment(monkeypatch):
    monkeypatch.delenv("LASS_DATA", raising=False)


@pytest.fixture
def lass_eval(capsys):
    """Run ``lass eval``."""

    def command(*arguments):
        app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
        app.add_typer(evaluate.app, name="eval")
        code = run(app, name="lass", arguments=["eval", *map(str, arguments)])
        told = capsys.readouterr()
        return Done(int(code), told.out, told.err)

    return command


@pytest.fixture
def mixtures(tmp_path):
    """A data pack of four sounds, and a way to write lists of mixtures of it."""
    pack = make_pack(tmp_path / "pack", clips=4)
    (pack / "sound-train-000.tar").rename(pack / "sound-test-000.tar")
    manifest = pack / "manifest-sound.csv"
    manifest.write_text(manifest.read_text().replace("train", "test"))
    lists = tmp_path / "lists"
    lists.mkdir()
    known = []

    def write(name="toy", clips=("set__000", "set__001"), asked="target"):
        rows = [
            Row(
                id=number,
                targets=(clip,),
                target_offsets=(0,),
                interferers=("set__002",),
                interferer_offsets=(0,),
                snr_db=(0.0,),
                asked=asked,
                query=query,
                query_clip="",
                label=query,
            )
            for number, (clip, query) in enumerate(zip(clips, ("hum", "hiss"), strict=True))
        ]
        path = lists / f"{name}.csv"
        path.write_text(dump_rows(tuple(rows)), encoding="utf-8")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        known.append({"name": name, "sample_rate": 16000, "sha256": digest})
        (lists / "index.json").write_text(json.dumps({"protocols": known}))
        return path

    return pack, write


@pytest.fixture
def measure(lass_eval, mixtures, models):
    """Run ``lass eval run`` on the tiny pack with the tiny model."""
    pack, _ = mixtures

    def command(*arguments):
        return lass_eval("run", *arguments, "--data", pack, "-m", models / "separator",
                         "--device", "cpu")  # fmt: skip

    return command


@pytest.fixture
def questions(monkeypatch):
    """What the separator is asked, in order; a question in ``fatal`` interrupts."""
    from lass.evaluation import ModelSeparator

    asked, fatal = [], set()
    original = ModelSeparator.__call__

    def spy(self, mixture, sample_rate, query):
        asked.append(query)
        if query in fatal:
            raise KeyboardInterrupt
        return original(self, mixture, sample_rate, query)

    monkeypatch.setattr(ModelSeparator, "__call__", spy)
    return asked, fatal


def saved(path, values, *, system="a", name="toy", metric="sdr_improvement", **changes):
    rows = [{"row": i, "label": "hum", metric: float(v)} for i, v in enumerate(values)]
    for row in rows:
        if metric != "leakage":
            row["si_sdr"] = row[metric]
    return Report(system, {"name": name, "sha256": "1"} | changes, rows).save(path)


# run


def test_a_model_is_measured_with_the_bounds_beside_it(measure, mixtures, tmp_path):
    path = mixtures[1]()
    out = tmp_path / "result.json"
    done = measure(path, "--out", out)
    assert done.code == 0, done.err
    assert done.sentence == f"{out}: written"
    lines = done.out.splitlines()
    assert lines[0] == "toy: 2 rows"
    assert lines[1].split() == ["SDRi", "dB", "SI-SDR", "dB", "SI-SDRi", "dB"]
    assert "[" in lines[2]
    assert [line.split("  ")[0] for line in lines[2:5]] == [
        "separator", "bound: mixture", "bound: half",
    ]  # fmt: skip
    stored = json.loads(out.read_text())
    assert stored["system"] == "separator"
    assert [row["query"] for row in stored["rows"]] == ["hum", "hiss"]
    assert all("score" in row for row in stored["rows"])
    assert len(stored["extra"]["model_sha256"]) == len(stored["extra"]["fingerprint"]) == 64
    assert sorted(p.name for p in tmp_path.glob("result*")) == ["result.json"]


def test_several_lists_go_into_a_folder(measure, mixtures, tmp_path):
    paths = [mixtures[1](name) for name in ("one", "two")]
    done = measure(*paths, "--limit", "1", "--out", tmp_path / "results", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["one.json", "two.json"]
    assert Report.load(tmp_path / "results" / "one.json").extra["limit"] == 1
    done = measure(*paths, "--out", tmp_path / "single.json")
    assert done.code == 2
    assert "give a folder" in done.sentence


def test_json_for_machines(measure, mixtures, tmp_path):
    write = mixtures[1]
    present = write("esc50-fold5")
    absent = write("absent-query", asked="nothing")
    done = measure(present, absent, "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert [r["name"] for r in told["results"]] == ["esc50-fold5", "absent-query"]
    first = told["results"][0]
    assert (first["rows"], first["failures"], first["error"]) == (2, [], None)
    assert set(first["summary"]["si_sdr"]) == {"mean", "low", "high", "n"}
    assert first["bounds"]["half"]["si_sdr"]["mean"] < 1.0
    assert 0.0 <= told["presence_auroc"] <= 1.0
    assert "AUROC" in measure(present, absent).out


def test_json_into_a_file_is_the_whole_result(measure, lass_eval, mixtures, tmp_path):
    path = mixtures[1]()
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    done = measure(path, "--json", files[0])
    assert done.code == 0, done.err
    assert done.out.startswith("toy: 2 rows")
    assert measure(path, "--out", files[1]).code == 0
    assert files[0].read_text() == files[1].read_text()
    assert lass_eval("compare", *files).code == 0


def test_a_bare_json_takes_no_name_of_a_list(measure, mixtures):
    path = mixtures[1]()
    for arguments in (["--json", path], [path, "--json"], [path, "--json", "-"]):
        done = measure(*arguments)
        assert done.code == 0, done.err
        assert json.loads(done.out)["results"][0]["name"] == "toy"


def test_similarities_are_measured_when_wanted(measure, lass_eval, mixtures, tmp_path):
    path, out = mixtures[1](), tmp_path / "r.json"
    done = measure(path, "--similarity", "--out", out)
    assert done.code == 0, done.err
    assert done.out.splitlines()[1].split("  ")[-1].strip() == "audio similarity"
    stored = json.loads(out.read_text())
    assert stored["extra"]["similarity_space"] == "compact-v1"
    for row in stored["rows"]:
        assert -1 <= row["clap_score"] <= 1
        assert set(row["bounds"]["mixture"]) >= {"clap_score", "audio_similarity"}
    page = tmp_path / "page.html"
    assert lass_eval("report", out, "-o", page).code == 0
    assert "CLAPScore</b>: cosine" in page.read_text()
    # A result without them does not stand for one with them.
    assert measure(path, "--out", out, "--resume").sentence.endswith("r.json: written")
    assert "clap_score" not in json.loads(out.read_text())["rows"][0]
    assert "CLAPScore" not in measure(path).out


def test_a_bad_row_is_reported_and_the_others_count(measure, mixtures, tmp_path):
    path = mixtures[1](clips=("set__000", "gone"))
    out = tmp_path / "r.json"
    done = measure(path, "--out", out)
    assert done.code == 1
    assert "toy: 1 row, 1 failed" in done.out
    assert done.err.splitlines()[0].startswith("lass: toy, row 1: No clip 'gone'")
    assert len(json.loads(out.read_text())["rows"]) == 1
    # What was done is not done again when the pack is complete.
    assert (tmp_path / "r.rows.jsonl").is_file()
    done = measure(path, "--out", out)
    assert done.code == 1
    assert "--resume" in done.sentence


def test_a_list_that_cannot_be_measured_leaves_the_others(measure, mixtures, tmp_path):
    good, bad = mixtures[1]("good"), mixtures[1]("bad")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "bad.rows.jsonl").write_text("no\n")
    done = measure(bad, good, "--out", tmp_path / "out", "--resume")
    assert done.code == 1
    assert "bad: " in done.err.splitlines()[0]
    assert "not a file to resume from" in done.err.splitlines()[0]
    assert "good: 2 rows" in done.out


def test_an_interrupted_run_goes_on(measure, mixtures, tmp_path, questions):
    asked, fatal = questions
    paths = [mixtures[1](name) for name in ("one", "two")]
    whole = tmp_path / "whole"
    assert measure(*paths, "--out", whole).code == 0
    asked.clear()
    out = tmp_path / "out"
    assert measure(paths[0], "--out", out).code == 0
    fatal.add("hiss")
    done = measure(*paths, "--out", out, "--resume")
    assert done.code == 130
    *_, kept, last = done.err.splitlines()
    assert "two.rows.jsonl: the rows done so far; go on with --resume" in kept
    assert last == "lass: interrupted, 1 of 2 lists are finished"
    done = measure(paths[1], "--out", out)
    assert done.code == 1
    assert "did not finish: go on with --resume" in done.sentence
    fatal.clear()
    done = measure(*paths, "--out", out, "--resume")
    assert done.code == 0, done.err
    assert done.err.splitlines()[0].endswith("one.json: complete already")
    assert asked == ["hum", "hiss", "hum", "hiss", "hiss"]
    for name in ("one.json", "two.json"):
        assert (out / name).read_text() == (whole / name).read_text()
    assert sorted(p.name for p in out.iterdir()) == ["one.json", "two.json"]


def test_rows_of_another_model_are_never_taken_over(
    measure, mixtures, models, tmp_path, questions, monkeypatch
):
    from lass.evaluation import ModelSeparator

    _, fatal = questions
    path, out = mixtures[1](), tmp_path / "r.json"
    fatal.add("hiss")
    assert measure(path, "--out", out).code == 130
    fatal.clear()
    monkeypatch.setattr(ModelSeparator, "fingerprint", "another")
    done = measure(path, "--out", out, "--resume")
    assert done.code == 1
    assert "belongs to another run (fingerprint" in done.sentence
    monkeypatch.undo()
    assert measure(path, "--out", tmp_path / "s.json").code == 0
    done = measure(path, "--out", tmp_path / "s.json", "--resume", "--limit", "1")
    assert done.sentence.endswith("s.json: written")


@pytest.mark.slow
def test_workers_give_the_same_file(measure, mixtures, tmp_path):
    path = mixtures[1]()
    for name, workers in (("a.json", "1"), ("b.json", "2")):
        done = measure(path, "--out", tmp_path / name, "--workers", workers)
        assert done.code == 0, done.err
    assert (tmp_path / "a.json").read_text() == (tmp_path / "b.json").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_all_processes_without_a_traceback(mixtures, models, tmp_path, workers):
    path = mixtures[1](clips=("set__000", "set__001"))
    code = (
        "import sys, time, typer\nfrom lass.cli import evaluate\nfrom lass.cli.running import run\n"
        "from lass.evaluation import ModelSeparator\n"
        "ModelSeparator.__call__ = lambda self, mixture, *_: time.sleep(2) or mixture\n"
        "if __name__ == '__main__':\n"
        "    app = typer.Typer()\n    app.add_typer(evaluate.app, name='eval')\n"
        "    sys.exit(run(app, name='lass'))\n"
    )
    (tmp_path / "program.py").write_text(code)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "program.py", "eval", "run", path, "--data", mixtures[0],
         "-m", models / "separator", "--out", tmp_path / "r.json", "--workers", workers],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    state = tmp_path / "r.rows.jsonl"
    for _ in range(2400):
        if state.exists():
            break
        time.sleep(0.025)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert process.returncode == 130
    assert err.splitlines()[-1] == "lass: interrupted, 0 of 1 lists are finished"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nope"], "there is no mixture list 'nope'"),
        (["run", "esc50-fold5"], "give it with --data DIR or in the environment variable LASS"),
        (["run", "esc50-fold5", "--data", "/nope"], "there is no folder /nope"),
        (["run", "all", "--limit", "0"], "'--limit'"),
        (["run", "all", "--workers", "0"], "'--workers'"),
        (["run", "mine.csv", "--data", "."], "`lass eval score mine.csv`"),
        (["run", "esc50-fold5", "--data", "pack", "--resume"], "--resume needs --out"),
        (["run", "esc50-fold5", "--data", "pack", "-m", "nope"], "no model 'nope'"),
        (["run", "esc50-fold5", "--data", "pack", "--out", "mine.csv/x"], "cannot make the folder"),
        (["score", "esc50-fold5"], "`lass eval run esc50-fold5`"),
        (["score", "."], "give the folder of the estimates with --estimates"),
        (["score", ".", "--estimates", ".", "--resume"], "are for lists"),
        (["score", "mine.csv", "--estimates", "."], "go with a folder of stems"),
        (["compare", "a.json"], "Missing argument 'B.json'"),
        (["report"], "eval/results, which is taken otherwise, is not here"),
        (["score", ".", "--estimates", ".", "--similarity"], "are for lists"),
        (["run", "all", "--data", "pack", "--json", "all.json"], "all.json is one file for"),
        (["run", "esc50-fold5", "--data", "pack", "--json=x"], "a file that ends in .json"),
        (["run", "all", "--data", "pack", "--json", "a.json", "--out", "b"], "give one of them"),
        (["report", "a.json", "-o", "a.pdf"], "give a name with .html or .md"),
        (["report", "a.json", "-o", "a.html", "--worst", "3"], "LASS_DATA"),
        (["report", "a.json", "-o", "a.html", "--sounds"], "--worst"),
        (["nope"], "No such command 'nope'"),
    ],
)
def test_usage_errors(lass_eval, mixtures, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("mixture,target,query\n")
    done = lass_eval(*arguments)
    assert done.code == 2, done
    assert words in done.sentence


def test_the_data_pack_may_come_from_the_environment(lass_eval, tmp_path, monkeypatch):
    monkeypatch.setenv("LASS_DATA", str(tmp_path / "gone"))
    assert "there is no folder" in lass_eval("run", "esc50-fold5").sentence
    monkeypatch.setenv("LASS_DATA", str(tmp_path))
    done = lass_eval("run", "esc50-fold5")
    assert done.code == 1
    assert "No manifest-*.csv" in done.sentence


def test_help_is_immediate_and_has_examples(tmp_path):
    code = (
        "import sys\nfrom lass.cli.evaluate import app\n"
        "try: app()\n"
        "finally:\n"
        "    heavy = {'torch', 'soundfile', 'scipy', 'tokenizers'} & set(sys.modules)\n"
        "    sys.stderr.write(f'HEAVY {heavy}' if heavy else '')"
    )
    for command in ([], ["run"], ["score"], ["compare"], ["report"], ["list"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *command, "--help"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        assert done.returncode == 0
        assert "Examples" in done.stdout or command == ["list"]


def test_lists_are_named_with_what_they_ask(lass_eval):
    done = lass_eval("list")
    assert done.code == 0
    assert "esc50-fold5  400 rows, 16000 Hz, SHA-256 fc062ca3adca" in done.out.splitlines()
    told = json.loads(lass_eval("list", "--json").out)["protocols"]
    assert "absent-query" in [entry["name"] for entry in told]


# score


@pytest.fixture
def own(tmp_path):
    """Recordings of somebody, good and bad."""
    rng = np.random.default_rng(0)
    target, noise = 0.1 * rng.standard_normal((2, RATE // 2))
    for name, samples in {
        "m": target + noise, "t": target, "n": noise, "short": target[:3000], "zero": 0 * target,
    }.items():  # fmt: skip
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE, subtype="FLOAT")

    def write(*rows, columns="mixture,target,query,noise"):
        path = tmp_path / "mine.csv"
        path.write_text("\n".join([columns, *rows]) + "\n")
        return path

    return write


def test_a_list_of_ones_own(lass_eval, own, models, tmp_path):
    path = own("m.wav,t.wav,hum,n.wav", "m.wav,n.wav,hiss,")
    out = tmp_path / "mine.json"
    done = lass_eval("score", path, "-m", models / "separator", "--device", "cpu", "--out", out)
    assert done.code == 0, done.err
    assert "mine: 2 rows" in done.out
    assert "bound: ratio mask" in done.out
    assert Report.load(out).per_class.keys() == {"hum", "hiss"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("gone.wav,t.wav,hum,", "the mixture {}/gone.wav is missing"),
        ("m.wav,zero.wav,hum,", "the target zero.wav is silent"),
        ("m.wav,short.wav,hum,", "the files differ in length or rate: mixture 4000 samples"),
        ("m.wav,t.wav,,", "'query' is empty"),
    ],
)
def test_bad_rows_of_a_list(lass_eval, own, models, tmp_path, row, words):
    path = own("m.wav,t.wav,hum,n.wav", row)
    done = lass_eval("score", path, "-m", models / "separator", "--device", "cpu")
    assert done.code == 1
    assert f"lass: mine, row 1: mine.csv, line 3: {words.format(tmp_path)}" in done.sentence
    assert "mine: 1 row, 1 failed" in done.out


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("mixture,target", "needs the columns mixture, target, query"),
        ("mixture,target,query,mood", "needs the columns"),
        ("mixture;target;query", "separated by commas"),
        ("mixture,target,query", "has no rows"),
    ],
)
def test_bad_lists(lass_eval, own, columns, words):
    done = lass_eval("score", own(columns=columns))
    assert done.code == 1
    assert words in done.sentence
    assert lass_eval("score", "/nope.csv").sentence == (
        "lass: The list /nope.csv is missing; give the path of a CSV file."
    )


def test_all_rows_bad(lass_eval, own, models):
    path = own("gone.wav,t.wav,hum,")
    done = lass_eval("score", path, "-m", models / "separator", "--device", "cpu")
    assert (done.code, done.out) == (1, "")
    assert "is missing" in done.sentence


@pytest.fixture
def stems(tmp_path):
    rng = np.random.default_rng(0)
    for track in ("one", "two"):
        true = 0.1 * rng.standard_normal((2, 2 * RATE))
        for root, signals in (("true", true), ("made", true + 0.2 * true[::-1])):
            folder = tmp_path / root / "test" / track
            folder.mkdir(parents=True)
            for name, x in zip(("vocals", "drums"), signals, strict=True):
                soundfile.write(folder / f"{name}.wav", x, RATE, subtype="FLOAT")
    return tmp_path / "true", tmp_path / "made"


def test_a_folder_of_stems(lass_eval, stems, tmp_path):
    true, made = stems
    out, museval = tmp_path / "stems.json", tmp_path / "museval"
    done = lass_eval("score", true, "--estimates", made, "--museval", museval, "--out", out)
    assert done.code == 0, done.err
    assert "true: 4 rows" in done.out
    assert "BSS SIR dB" in done.out.splitlines()[1]
    assert [line.split()[0] for line in done.out.splitlines()[2:5]] == ["made", "drums", "vocals"]
    assert (museval / "test" / "two.json").is_file()
    assert Report.load(out).system == "made"
    (made / "test" / "two" / "drums.wav").write_text("no")
    done = lass_eval("score", true, "--estimates", made, "--json")
    assert done.code == 1
    assert "row two: " in done.sentence
    assert "is not audio" in done.sentence
    (told,) = json.loads(done.out)["results"]
    assert (told["rows"], len(told["failures"])) == (2, 1)
    done = lass_eval("score", true, "--estimates", tmp_path / "gone")
    assert done.code == 1
    assert "folder of estimates" in done.sentence
    (tmp_path / "file").write_text("")
    done = lass_eval("score", true, "--estimates", made, "--museval", tmp_path / "file" / "x")
    assert done.code == 1
    assert "cannot write into" in done.sentence


# compare


def test_a_difference_is_called_one_only_when_it_is_one(lass_eval, tmp_path):
    rng = np.random.default_rng(0)
    base = rng.normal(5, 3, 60)
    a = saved(tmp_path / "a.json", base, system="old")
    b = saved(tmp_path / "b.json", base + 1 + 0.1 * rng.standard_normal(60), system="new")
    same = saved(tmp_path / "c.json", base + rng.normal(0, 2, 60), system="other")
    done = lass_eval("compare", a, b)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == "toy: rows of both: 60"
    assert "SDRi" in done.out
    assert "new is better by 1." in done.out
    assert "no difference shown" in lass_eval("compare", a, same).out
    told = json.loads(lass_eval("compare", b, a, "--json").out)
    figures = told["figures"]["sdr_improvement"]
    assert figures["difference"]["high"] < 0
    assert figures["verdict"].startswith("new is better")
    assert figures["second"] - figures["first"] == pytest.approx(figures["difference"]["mean"])


def test_rows_that_only_one_has_are_left_out_aloud(lass_eval, tmp_path):
    a = saved(tmp_path / "a.json", [1, 2, 3])
    b = saved(tmp_path / "b.json", [1, 2])
    done = lass_eval("compare", a, b)
    assert "toy: rows of both: 2" in done.out
    assert done.sentence == "lass: left out, because only one of the two has them: 1"
    assert "too few rows" in done.out
    assert str(a) in done.out  # both systems have one name, so the files tell them apart


def test_leakage_is_better_when_less_but_only_where_nothing_is_right(lass_eval, tmp_path):
    a = saved(tmp_path / "a.json", range(-12, -5), system="loud", metric="leakage")
    b = saved(tmp_path / "b.json", range(-32, -25), system="quiet", metric="leakage")
    assert "quiet is better by 20.00 dB" in lass_eval("compare", a, b).out


def test_what_cannot_be_compared(lass_eval, tmp_path):
    a = saved(tmp_path / "a.json", [1, 2])
    for number, (text, words) in enumerate(
        [
            ("{}", "it lacks system"),
            ("[]", "it holds no table"),
            ('{"system": ', "is not JSON, or is cut off"),
            (a.read_text().replace('"label": "hum"', '"lable": "hum"'), "a row lacks its number"),
            (a.read_text().replace('"rows": [', '"rows": {}, "x": ['), "'rows' is no list"),
            (a.read_text().replace(": 1.0", ': "1.0"'), "a figure is no number"),
        ]
    ):
        bad = tmp_path / f"bad{number}.json"
        bad.write_text(text)
        done = lass_eval("compare", a, bad)
        assert done.code == 1
        assert words in done.sentence
    done = lass_eval("compare", a, tmp_path / "gone.json")
    assert "No such file" in done.sentence
    other = saved(tmp_path / "other.json", [1, 2], name="another")
    assert "different lists (toy, another)" in lass_eval("compare", a, other).sentence
    empty = saved(tmp_path / "empty.json", [])
    assert "share no row" in lass_eval("compare", a, empty).sentence


# report


def test_a_report_leaves_out_what_is_no_result(lass_eval, tmp_path):
    results = tmp_path / "results"
    saved(results / "a.json", [1, 2])
    (results / "calibration.json").write_text('{"recipes": []}')
    page, text = tmp_path / "site" / "report.html", tmp_path / "REPORT.md"
    done = lass_eval("report", results, "-o", page, "-o", text, "--title", "Mine")
    assert done.code == 0
    assert done.sentence == f"{results}/calibration.json: left out, it is not a result"
    assert done.out.splitlines() == [f"{page}  1 result", f"{text}  1 result"]
    assert "<h1>Mine</h1>" in page.read_text()
    assert text.read_text().startswith("# Mine")
    assert lass_eval("report", results, "-o", page, "--quiet").err == ""


def test_a_report_without_names_goes_beside_the_results(lass_eval, tmp_path, monkeypatch):
    from lass.evaluation import load_stored

    results = tmp_path / "eval" / "results"
    saved(results / "a.json", [1, 2])
    recipe = {"name": "n", "meaning": "m", "sdr_improvement": 1.0, "si_sdr": 1.0, "shift": 0.0}
    calibration = {"lead": "One system.", "note": "No more.", "recipes": [recipe]}
    (results / "calibration.json").write_text(json.dumps(calibration))
    monkeypatch.chdir(tmp_path)
    done = lass_eval("report")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == ["eval/REPORT.md  1 result", "eval/report.html  1 result"]
    text = (tmp_path / "eval" / "REPORT.md").read_text()
    assert text == load_stored([results]).markdown()
    assert "One system." in text
    assert "One system." in (tmp_path / "eval" / "report.html").read_text()
    assert lass_eval("report", results, "--quiet").code == 0  # its own files may be replaced
    assert lass_eval("report", results / "a.json").code == 0
    assert (results / "report.html").is_file()
    monkeypatch.chdir(results)
    assert lass_eval("report", ".").out.splitlines()[0] == "REPORT.md  1 result"


@pytest.mark.parametrize("name", ["REPORT.md", "report.html"])
def test_somebody_elses_file_is_not_replaced_unasked(lass_eval, tmp_path, name):
    result = saved(tmp_path / "a.json", [1, 2])
    (tmp_path / name).write_text("my own")
    done = lass_eval("report", result)
    assert done.code == 2
    assert f"{name} is there and was not written by this command" in done.sentence
    assert (tmp_path / name).read_text() == "my own"
    assert lass_eval("report", result, "-o", tmp_path / name).code == 0
    assert (tmp_path / name).read_text() != "my own"


def test_reports_of_nothing_and_of_damaged_files(lass_eval, tmp_path):
    page = tmp_path / "report.html"
    good = saved(tmp_path / "a.json", [1, 2])
    (tmp_path / "no.json").write_text("[]")
    done = lass_eval("report", tmp_path / "no.json", "-o", page)
    assert done.code == 3
    assert "nothing to report" in done.err
    done = lass_eval("report", good, tmp_path / "gone.json", "-o", page)
    assert done.code == 1
    assert "No such file" in done.sentence
    assert page.is_file()
    done = lass_eval("report", good, "-o", tmp_path / "a.json" / "report.html")
    assert done.code == 1
    assert "cannot write" in done.sentence


def test_the_worst_rows_are_shown_if_the_model_is_the_one(
    lass_eval, measure, mixtures, models, tmp_path, monkeypatch
):
    from lass.evaluation import protocol

    path = mixtures[1]()
    out = tmp_path / "r.json"
    assert measure(path, "--out", out).code == 0
    page = tmp_path / "report.html"
    arguments = ["report", out, "-o", page, "--worst", "1", "--data", mixtures[0], "-m",
                 models / "separator", "--device", "cpu"]  # fmt: skip
    done = lass_eval(*arguments)
    assert done.sentence == "toy: no worst rows, it is not a published list"
    monkeypatch.setattr(protocol, "protocol_dir", lambda: path.parent)
    done = lass_eval(*arguments, "--sounds")
    assert (done.code, done.err) == (0, "")
    assert "The worst row<" in page.read_text()
    assert "<audio" in page.read_text()
    stored = json.loads(out.read_text())
    stored["extra"]["fingerprint"] = "another"
    out.write_text(json.dumps(stored))
    assert "is not the one that was measured" in lass_eval(*arguments).sentence


# progress


def test_progress_in_a_file_is_a_line_now_and_then_with_the_time_left(capsys):
    now = [0.0]
    with RowBar("toy", shown=True, clock=lambda: now[0]) as bar:
        bar(40, 100)  # taken up again
        for done in range(41, 101):
            now[0] += 6.0
            bar(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["toy: 45 of 100, 5:30 left", "toy: 50 of 100, 5:00 left"]
    assert len(lines) == 11
    with RowBar("toy", shown=False, clock=lambda: now[0]) as bar:
        now[0] += 100
        bar(1, 2)
    assert capsys.readouterr().err == ""


def test_a_bar_for_terminals(tmp_path):
    pty = pytest.importorskip("pty")
    code = (
        "import time\nfrom lass.cli.evaluate_show import RowBar\n"
        "with RowBar('[red]toy', shown=True) as bar:\n"
        "    bar(1, 3); time.sleep(0.3); bar(2, 3); time.sleep(0.3)\n"
    )
    parent, child = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code], stderr=child, check=False,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(child)
    shown = os.read(parent, 100_000).decode()
    os.close(parent)
    assert done.returncode == 0
    assert "[red]toy" in shown
    assert "2 of 3" in shown
    assert re.search(r"0:\d\d left", shown)  # how much depends on how busy the machine is
