"""`lass fx` in this process, with what ships."""

import json
import shutil
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lass.audio import read, write
from lass.cli.main import app
from lass.cli.running import run
from lass.fx import Chain, Gain

RATE = 16000


@pytest.fixture
def fx(capsys):
    def do(*arguments):
        code = run(app, name="lass", arguments=["fx", *map(str, arguments)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return do


@pytest.fixture
def recording(tmp_path):
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, RATE // 2))
    write(tmp_path / "in.wav", noise.astype(np.float32), sample_rate=RATE, subtype="PCM_16")
    return tmp_path / "in.wav"


def test_words_become_a_file_next_to_the_recording(fx, recording):
    code, out, err = fx(recording, "warm and airy")
    assert (code, err) == (0, "")
    made, rate = read(recording.with_name("in.fx.wav"))
    assert made.shape == (2, RATE // 2)
    assert rate == RATE
    assert "in.fx.wav" in out
    assert "eq:" in out
    assert "similarity" in out
    code, _, err = fx(recording, "warm and airy")
    assert code == 1
    assert "exists" in err
    assert fx(recording, "warm and airy", "--on-existing", "skip")[0] == 0


def test_a_preset_makes_the_same_file_without_words(fx, recording, tmp_path):
    preset, plot = tmp_path / "warm.json", tmp_path / "warm.svg"
    code, out, _ = fx(recording, "warm", "--save-preset", preset, "--plot", plot, "--json")
    assert code == 0
    told = json.loads(out)["files"][0]
    assert told["parameters"]["reverb"]["decay_s"] > 0
    assert Chain.load(preset).parameters == told["parameters"]
    assert ET.fromstring(plot.read_text(encoding="utf-8")).tag.endswith("svg")
    (tmp_path / "out").mkdir()
    assert fx("--preset", preset, recording, "-o", tmp_path / "out")[0] == 0
    one, _ = read(recording.with_name("in.fx.wav"))
    two, _ = read(tmp_path / "out" / "in.wav")
    np.testing.assert_array_equal(one, two)


def test_one_bad_file_stops_no_other(fx, recording, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    Chain([Gain(gain_db=-6.0)]).save(tmp_path / "quiet.json")
    code, _, err = fx("--preset", tmp_path / "quiet.json", tmp_path / "bad.wav", recording)
    assert code == 1
    assert len(err.splitlines()) == 1
    assert recording.with_name("in.fx.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["{in}", "brighter and darker"], 2, "contradict"),
        (["{in}", "warm", "--effects", "revreb"], 2, "did you mean"),
        (["{in}"], 2, "give a recording and words"),
        (["nothing.wav", "warm"], 3, "no sound file"),
        (["{in}", "warm", "--plot", "x.png"], 2, "SVG"),
        (["{in}", "warm", "-o", "{in}", "--on-existing", "overwrite"], 1, "its own result"),
        (["{in}", "--preset", "missing.json"], 1, "cannot read the preset"),
    ],
)
def test_mistakes_get_one_sentence_and_a_code(fx, recording, arguments, code, said):
    given = [text.replace("{in}", str(recording)) for text in arguments]
    got, _, err = fx(*given)
    assert got == code
    assert said in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_a_preset_of_another_version_is_refused(fx, recording, tmp_path):
    text = Chain([]).to_json().replace('"version": 1', '"version": 9')
    (tmp_path / "new.json").write_text(text, encoding="utf-8")
    code, _, err = fx("--preset", tmp_path / "new.json", recording)
    assert code == 1
    assert "version 9" in err


def test_a_folder_leaves_out_results_of_last_time(fx, recording, tmp_path):
    preset = tmp_path / "quiet.json"
    Chain([Gain(gain_db=-6.0)]).save(preset)
    again = ("--preset", preset, tmp_path, "--on-existing", "overwrite")
    assert fx(*again)[0] == 0
    assert fx(*again)[0] == 0
    assert sorted(path.name for path in tmp_path.glob("*.wav")) == ["in.fx.wav", "in.wav"]


def test_a_list_of_files(fx, recording, tmp_path):
    Chain([Gain(gain_db=-6.0)]).save(tmp_path / "quiet.json")
    (tmp_path / "far").mkdir()
    shutil.copy(recording, tmp_path / "far" / "b.wav")
    (tmp_path / "list.csv").write_text("path\nin.wav\nfar/b.wav\n")
    assert fx("--preset", tmp_path / "quiet.json", tmp_path / "list.csv")[0] == 0
    assert (tmp_path / "in.fx.wav").is_file()
    assert (tmp_path / "far" / "b.fx.wav").is_file()


def test_a_long_file_is_heard_where_it_is_loud(tmp_path):
    from lass.cli.fx_files import _loudest_start

    audio = np.zeros((1, 30 * 1000), np.float32)
    audio[:, 15000:24000] = 0.5
    write(tmp_path / "long.wav", audio, sample_rate=1000)
    start = _loudest_start(tmp_path / "long.wav", 1000)
    assert start <= 15000
    assert start + 10000 >= 24000


def test_many_prompts_make_a_file_each(fx, recording, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("# try these\nwarm\n\nBright, airy!\nwarm\n", encoding="utf-8")
    code, out, err = fx(recording, "--prompts", words, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)["files"]
    assert [entry["prompt"] for entry in told] == ["warm", "Bright, airy!", "warm"]
    names = [f"in.fx.{name}.wav" for name in ("warm", "bright-airy", "warm-2")]
    assert [entry["output"].rsplit("/", 1)[1] for entry in told] == names
    assert all((tmp_path / name).exists() for name in names)
    words.write_text("# nothing\n")
    code, _, err = fx(recording, "--prompts", words)
    assert code == 2
    assert "has no words" in err


def test_a_pair_to_compare_is_equally_loud(fx, recording, tmp_path):
    from lass.audio import loudness_lufs

    assert fx(recording, "muffled", "--pair")[0] == 0
    (a, rate), (b, _) = read(tmp_path / "in.fx.a.wav"), read(tmp_path / "in.fx.b.wav")
    one, two = (loudness_lufs(x, sample_rate=rate) for x in (a, b))
    assert one == pytest.approx(two, abs=0.1)
    original, _ = read(recording)
    np.testing.assert_allclose(a, original, atol=1e-6)
    assert np.abs(b - original).max() > 0.01
    code, _, err = fx("--preset", tmp_path / "x.json", recording, "--pair")
    assert code == 2
    assert "--pair goes with words" in err
