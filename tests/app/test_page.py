"""The page's wiring, without a browser: Streamlit's own AppTest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

streamlit = pytest.importorskip("streamlit", reason="streamlit is not installed")

from streamlit.testing.v1 import AppTest  # noqa: E402

from lass.audio import write  # noqa: E402
from lass.edit import Remove, Span, Target  # noqa: E402

SCRIPT = Path(__file__).resolve().parents[2] / "app" / "editor.py"


class User:
    """Somebody at a page of their own."""

    def __init__(self, separator, monkeypatch, file=None):
        monkeypatch.setattr("lass.separation.Separator.load", lambda *_, **__: separator)
        monkeypatch.setattr(sys, "argv", ["editor.py", *([] if file is None else [str(file)])])
        self.page = AppTest.from_file(str(SCRIPT), default_timeout=60)
        self.page.run()
        self.wait()

    @property
    def visit(self):
        return self.page.session_state["visit"]

    @property
    def work(self):
        return self.visit.work

    def wait(self):
        """Until nothing is being done any more, as the progress bar does."""
        for _ in range(10):
            if not self.visit.busy:
                break
            assert self.visit.job.wait(60.0)
            self.page.run()
        assert not self.page.exception, self.page.exception
        return self

    def click(self, key):
        self.page.button(key=key).click().run()
        return self.wait()

    def press(self, label):
        next(one for one in self.page.button if one.label == label).click().run()
        return self.wait()

    def separate(self, text):
        self.page.text_input(key="queries").set_value(text)
        return self.press("Separate")

    def say(self, text):
        self.page.text_area(key="instruction").set_value(text).run()
        return self

    @property
    def text(self):
        shown = (*self.page.markdown, *self.page.caption, *self.page.error, *self.page.warning)
        return "\n".join(str(one.value) for one in shown)


@pytest.fixture(autouse=True)
def _no_model_of_before():
    streamlit.cache_resource.clear()
    streamlit.cache_data.clear()


@pytest.fixture
def user(separator, monkeypatch, recording):
    made = User(separator, monkeypatch, recording)
    yield made
    made.visit.close()


def test_the_first_page_asks_for_a_recording(separator, monkeypatch):
    user = User(separator, monkeypatch)
    assert user.work is None
    assert "Say what you want to hear" in user.page.title[0].value
    assert len(user.page.get("file_uploader")) == 2
    assert len(user.page.get("audio_input")) == 1


def test_an_upload_is_opened_and_its_name_is_no_path(separator, monkeypatch, recording):
    user = User(separator, monkeypatch)
    upload = user.page.get("file_uploader")[0]
    upload.set_value(("../../evil.wav", recording.read_bytes(), "audio/wav")).run()
    user.wait()
    assert user.work.name == "evil.wav"
    assert user.work.session.source == user.work.folder.path / "recording.wav"
    user.visit.close()


def test_what_is_no_sound_is_refused_in_one_sentence(separator, monkeypatch):
    user = User(separator, monkeypatch)
    user.page.get("file_uploader")[0].set_value(("a.wav", b"no sound", "audio/wav")).run()
    user.wait()
    assert user.work is None
    assert len(user.page.error) == 1
    assert user.page.title[0].value


def test_queries_make_strips(user):
    user.separate("Dog, rain")
    assert list(user.work.session.parts) == ["dog", "rain"]
    assert len(user.page.get("bidi_component")) == 1


def test_an_empty_query_is_answered(user):
    user.separate(" , ")
    assert "Say what you want to hear" in user.text
    assert user.work.session.parts == ()


def test_what_was_not_found_is_said_with_its_score(user, monkeypatch):
    monkeypatch.setattr("lass.edit.parts.HEARD", 1.1)
    monkeypatch.setattr("lass.edit.listening.HEARD", 1.1)
    user.separate("dog")
    assert "othing like 'dog' was found (score" in user.text


def test_an_instruction_is_shown_before_it_is_done(user):
    user.separate("dog")
    user.say("make the dog 3 dB louder, frobnicate the cat")
    assert "make the dog 3 dB louder" in user.text
    assert len(user.work.session.operations) == 1
    user.click("apply")
    assert [one.kind for one in user.work.session.operations] == ["extract", "gain"]
    assert user.page.text_area(key="instruction").value == ""


def test_what_is_not_understood_is_marked(user):
    user.say("frobnicate the <b>dog</b>")
    [marked] = [one.value for one in user.page.get("html") if "<mark" in str(one.value)]
    assert "Not understood" in marked
    assert "<b>" not in marked
    assert user.page.button(key="apply").disabled


def test_undo_redo_bypass_and_remove(user):
    user.separate("dog").say("remove the dog").click("apply")
    assert user.work.strips[0].control.mute
    user.click("undo")
    assert not user.work.strips[0].control.mute
    user.click("redo")
    assert user.work.strips[0].control.mute
    user.click("bypass-1")
    assert user.work.session.enabled == (True, False)
    user.click("remove-1")
    assert len(user.work.session.operations) == 1


def test_an_effect_by_words_can_be_adjusted(user):
    user.separate("dog")
    user.page.selectbox(key="effect_target").select("dog")
    user.page.text_input(key="words").set_value("Warm")
    user.press("Add")
    effect = user.work.session.operations[-1]
    assert (effect.kind, effect.words, effect.amount) == ("effect", "warm", 1.0)
    amount = next(one for one in user.page.slider if one.label == "Amount")
    amount.set_value(0.5).run()
    user.wait()
    assert user.work.session.operations[-1].amount == 0.5
    user.page.toggle(key="all-1").set_value(True).run()
    user.wait()
    gain = next(one for one in user.page.select_slider if "gain" in one.label)
    assert user.work.session.steps[1].chain is None
    gain.set_value(20.0).run()
    user.wait()
    name = gain.key.rpartition("-")[2]
    assert user.work.session.steps[1].chain.parameters["eq"][name] == 20.0


def test_files_are_made(user):
    user.click("make")
    assert user.work.made.path.is_file()
    assert len(user.page.get("download_button")) == 2


def test_hands_on_the_deck_reach_the_session(user, monkeypatch):
    from lass_editor import page

    user.separate("dog")
    name = user.work.identity
    change = {"strip": "dog", "field": "gain_db", "value": -6.0, "sequence": 1}
    told = {
        "mix": {"recording": name, "sequence": 1, "changes": [change]},
        "region": {"recording": name, "span": {"start_s": 1.0, "end_s": 2.0}},
        "cut": {"strip": "dog", "start_s": 1.0, "end_s": 2.0},
    }
    monkeypatch.setattr(page.st, "session_state", {"deck": told})
    page._hear_deck(user.visit, user.work)
    assert user.work.strips[0].control.gain_db == -6.0
    assert user.work.region == Span(1.0, 2.0)
    assert user.work.session.operations[-1] == Remove(Target("dog"), Span(1.0, 2.0))
    # What is left of a recording that was closed means nothing for this one.
    stale = {"mix": {**told["mix"], "recording": "another"}, "region": {"recording": "another"}}
    monkeypatch.setattr(page.st, "session_state", {"deck": stale})
    page._hear_deck(user.visit, user.work)
    assert user.work.region == Span(1.0, 2.0)


def test_two_users_have_nothing_in_common(separator, monkeypatch, recording, tmp_path, sound):
    other_file = tmp_path / "other.wav"
    write(other_file, sound(8000, seconds=2.0, seed=9), sample_rate=8000)
    one = User(separator, monkeypatch, recording)
    other = User(separator, monkeypatch, other_file)
    one.separate("dog")
    other.page.run()
    assert other.work.session.parts == ()
    assert one.work.session.sha256 != other.work.session.sha256
    assert one.work.folder.path != other.work.folder.path
    shown = "\n".join(str(html.value) for html in other.page.get("html"))
    assert "other.wav" in shown
    assert "street.wav" not in shown
    one.visit.close()
    assert other.work.session.render(original=True).shape == (2, 16000)
    other.visit.close()


def test_closing_asks_for_another_recording(user):
    folder = user.work.folder.path
    user.click("close")
    assert user.work is None
    assert not folder.exists()
    assert user.page.title[0].value


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Tiny separators among the user's models: with our encoder, by CLAP, and by CLIP."""
    pytest.importorskip("transformers")
    from tests.conftest import make_encoder, make_separator
    from tests.query.tiny import make_clap, make_clip

    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    make_encoder(folder / "tiny-compact", space="tiny-v1")
    make_separator(folder / "by-compact", encoder="tiny-compact", space="tiny-v1")
    make_clap(folder / "larger_clap_general")
    make_separator(folder / "by-clap", encoder="larger_clap_general", space="clap-larger-general")
    make_clip(folder / "clip-vit-base-patch32")
    make_separator(folder / "by-clip", encoder="clip-vit-base-patch32", space="clip-vit-b32")
    make_clap(folder / "other-clap", seed=5)
    config = folder / "other-clap" / "config.json"
    table = json.loads(config.read_text())
    config.write_text(json.dumps({"transformers": table, "model_type": "clap", "space":
                                  "clap-larger-general", "dim": 24}))  # fmt: skip
    return folder


class Chooser(User):
    """Somebody whose editor loads the models that are chosen."""

    def __init__(self, monkeypatch, *told):
        monkeypatch.setattr(sys, "argv", ["editor.py", *map(str, told)])
        self.page = AppTest.from_file(str(SCRIPT), default_timeout=60)
        self.page.run()
        self.wait()

    def pick(self, label, name):
        next(one for one in self.page.selectbox if one.label == label).select(name).run()
        return self.wait()

    def offered(self, label):
        return next(one for one in self.page.selectbox if one.label == label).options


BACKENDS = [("by-compact", "tiny-compact"), ("by-clap", "larger_clap_general"),
            ("by-clip", "clip-vit-base-patch32")]  # fmt: skip


@pytest.mark.parametrize(("model", "encoder"), BACKENDS)
def test_every_backend_runs_in_the_editor(installed, monkeypatch, recording, model, encoder):
    told = (f"--model={model}", f"--encoder={installed / encoder}", recording)
    user = Chooser(monkeypatch, *told)
    user.separate("dog, rain")
    assert user.work.session.parts == ("dog", "rain")
    assert not user.page.error
    loaded = user.work.separator.model
    assert (loaded.name, loaded.encoder.folder) == (model, installed / encoder)
    command = user.work.session.command()
    assert command.endswith(f"--model {model} --encoder {installed / encoder}")
    assert f"· {model}" in "\n".join(str(one.value) for one in user.page.get("html"))
    user.say("make the dog 3 dB louder").click("apply")
    user.click("make")
    assert user.work.made.path.is_file()
    user.visit.close()


def test_a_visitor_chooses_among_the_installed_models(installed, monkeypatch, recording):
    user = Chooser(monkeypatch)
    assert user.offered("Model") == ["default", "by-clap", "by-clip", "by-compact"]
    assert user.offered("Query encoder") == ["the model's own"]
    user.pick("Model", "by-clap")
    assert user.offered("Query encoder") == ["the model's own", "other-clap"]
    user.pick("Query encoder", "other-clap")
    user.page.get("file_uploader")[0].set_value(("a.wav", recording.read_bytes(), "audio/wav"))
    user.page.run()
    user.wait().separate("dog")
    loaded = user.work.separator.model
    assert (loaded.name, loaded.encoder.folder.name) == ("by-clap", "other-clap")
    user.click("close")  # the next recording is separated by the same
    assert user.visit.choice.model == "by-clap"
    user.pick("Model", "by-clip")
    assert user.visit.choice.encoder is None


def test_nothing_to_choose_shows_nothing(separator, monkeypatch, tmp_path):
    monkeypatch.setenv("LASS_HOME", str(tmp_path))
    assert not [one for one in User(separator, monkeypatch).page.selectbox if one.label == "Model"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (["--model=nobody"], "no model 'nobody'"),
        (["--model=by-clap", "--encoder=clip-vit-base-patch32"], "speaks 'clip-vit-b32'"),
        (["--model=compact"], "not for separation"),
        (["--model"], "was started wrongly"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_is_told_in_one_sentence(installed, monkeypatch, told, said):
    user = Chooser(monkeypatch, *told)
    (error,) = user.page.error
    assert said in error.value
    assert "Traceback" not in error.value
    assert user.visit.choice.model == "default"
    assert user.page.title[0].value
