"""The editor as a person uses it: the real server, the shipped model, a real browser.

Needs streamlit, playwright and a chromium of the system (`apt-get install chromium`). With
``LASS_PICTURES=folder`` it also leaves the screenshots of the documentation there.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lass.edit import EditSession, Extract, Gain, Remove, Target

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
DUET = ROOT / "examples" / "duet.wav"
PATIENCE_MS = 300_000
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A running editor."""
    with served(tmp_path_factory.mktemp("log") / "log") as url:
        yield url


@contextlib.contextmanager
def served(log, *options):
    """An editor with options of its own, for as long as it is needed."""
    pytest.importorskip("streamlit", reason="streamlit is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lass", "app", "--port", str(port), "--no-browser", *options]
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    url = f"http://localhost:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2)
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.5)
        yield url
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    ).sync_playwright
    if CHROMIUM is None:
        pytest.skip("no chromium is installed")
    with playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Person:
    """Somebody in front of the page."""

    def __init__(self, browser, address, *, width=1280, height=900, dark=False):
        self.errors = []
        scheme = "dark" if dark else "light"
        self.page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.requests = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)

    def open(self, path):
        self.page.locator('input[type="file"]').first.set_input_files(str(path))
        self.page.locator(".deck").wait_for()
        self.settled()

    def separate(self, text):
        self.page.get_by_role("textbox", name="Which sounds").fill(text)
        self.page.keyboard.press("Enter")
        for name in text.split(", "):
            self.row(name).wait_for()
        self.settled()

    def row(self, name):
        return self.page.locator(f'.strip[data-strip="{name}"]')

    def say(self, text):
        self.page.get_by_role("textbox", name="Say what shall be different").fill(text)
        self.page.keyboard.press("Control+Enter")

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def tab(self, name):
        self.page.get_by_role("tab", name=name).click()

    def settled(self):
        """Until nothing is running any more."""
        self.page.wait_for_timeout(700)
        self.page.wait_for_function(
            "!document.querySelector('[data-testid=stStatusWidget],[data-testid=stProgress]')"
        )
        self.page.wait_for_timeout(300)

    def deck(self, expression, argument=None):
        return self.page.locator(".deck").evaluate(expression, argument)

    def screenshot(self, name):
        folder = os.environ.get("LASS_PICTURES")
        if folder:
            self.page.mouse.move(0, 0)
            self.page.wait_for_timeout(400)
            self.page.screenshot(path=str(Path(folder) / name))


# The player's own classes on a context that renders at once: two seconds across the border of two
# segments, with the strips as they are set now.
RENDER = """
async (root, start) => {
  const {deck} = root, {sample_rate: rate} = deck.recording;
  const context = new OfflineAudioContext(2, Math.round(1.2 * rate), rate);
  const fetchBytes = async (url) => (await fetch(url)).arrayBuffer();
  const player = new deck.player.constructor({context, fetchBytes});
  player.open(deck.recording, deck.original, [...deck.strips.values()].map(({told}) => told));
  player.mix(deck.controls);
  player.listen(deck.listening, deck.match);
  for (const voice of player.voices.values()) { await voice.segment(0); await voice.segment(1); }
  player.position = start;
  player.playing = true;
  player.begin();
  const {at} = player.planned[0];
  await new Promise((done) => setTimeout(done, 500));
  const rendered = await context.startRendering();
  player.halt();
  const samples = [0, 1].map((c) => [...rendered.getChannelData(c).slice(at, at + rate)]);
  return samples;
}
"""


def heard(person, start):
    return np.array(person.deck(RENDER, start))


def test_a_person_edits_a_recording(browser, address, tmp_path):
    person = Person(browser, address)
    person.page.get_by_role("heading", name="Say what you want to hear").wait_for()
    person.screenshot("editor-start.png")
    person.open(DUET)
    person.separate("violin, drums")

    operations = [Extract(Target("violin")), Extract(Target("drums"))]
    with EditSession(DUET) as session:
        session.apply(operations)
        start = 10 * 44100 - 20_000
        here = slice(start, start + 14_000)  # the recording ends soon after
        original = session.render(original=True)[:, here]
        # Nothing was changed: the sum of the strips is the recording, over the segments' border.
        np.testing.assert_allclose(heard(person, start)[:, :14_000], original, atol=3 / 32768)

        person.row("drums").locator(".mute").click()
        gain = person.row("violin").get_by_role("slider", name="Gain of violin")
        gain.focus()
        for _ in range(8):
            person.page.keyboard.press("ArrowLeft")
        assert person.row("violin").get_by_text("\N{MINUS SIGN}4.0 dB").is_visible()
        person.page.get_by_text("make the violin 4 dB quieter").first.wait_for()
        person.page.get_by_text("remove the drums").first.wait_for()
        person.settled()
        session.apply([Remove(Target("drums")), Gain(Target("violin"), gain_db=-4.0)])
        wanted = session.render()
        np.testing.assert_allclose(
            heard(person, start)[:, :14_000], wanted[:, here], atol=3 / 32768
        )
        assert np.abs(wanted[:, here] - original).max() > 0.01

        person.say("make the violin warmer")
        person.page.get_by_text("This will be done").wait_for()
        person.settled()
        person.press("Apply")
        person.row("violin").get_by_text("make the violin warmer").wait_for()
        person.settled()
        pictures(person)
        warm = heard(person, start)[:, :14_000]
        session.apply("make the violin warmer")
        np.testing.assert_allclose(warm, session.render()[:, here], atol=3 / 32768)
        session.undo()
        person.tab("Edit by words")
        person.press("Undo")
        person.row("violin").get_by_text("make the violin warmer").wait_for(state="detached")
        person.settled()
        np.testing.assert_allclose(
            heard(person, start)[:, :14_000], wanted[:, here], atol=3 / 32768
        )

        person.tab("Export")
        person.press("Make the files")
        person.page.get_by_text("Download the zip").wait_for()
        person.settled()
        with person.page.expect_download() as waiting:
            person.page.get_by_text("Download the zip").click()
        path = tmp_path / "duet.zip"
        waiting.value.save_as(path)
        with zipfile.ZipFile(path) as pack:
            assert set(pack.namelist()) == {"duet.edit.wav", "duet.lassproj", "README.txt"}
            audio, rate = soundfile.read(io.BytesIO(pack.read("duet.edit.wav")), dtype="float32")
            page = pack.read("README.txt").decode()
        assert rate == 44100
        np.testing.assert_allclose(audio.T, wanted, atol=1 / 32768)
        assert "make the violin 4 dB quieter" in page
    assert person.errors == []
    # Everything came from this computer.
    assert all(url.startswith((address, "blob:", "data:")) for url in person.requests)
    person.page.close()


def test_playing_selecting_and_looping_with_the_keyboard(browser, address):
    person = Person(browser, address)
    person.open(DUET)
    lane = person.page.locator(".lane").first
    box = lane.bounding_box()
    person.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 20)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20, steps=5)
    person.page.mouse.up()
    person.page.get_by_text("Selected 0:03").wait_for()
    region = person.deck("(root) => root.deck.region")
    assert region["start"] == pytest.approx(0.3 * 10.3, abs=0.1)
    assert region["end"] == pytest.approx(0.5 * 10.3, abs=0.1)
    person.page.get_by_text("Selected").wait_for()
    person.settled()
    strip = person.page.locator(".strip").first
    strip.focus()
    person.page.keyboard.press("l")
    person.page.keyboard.press("Space")
    person.page.locator('.deck[data-state="playing"]').wait_for()
    inside = []
    for _ in range(12):
        person.page.wait_for_timeout(300)
        inside.append(person.deck("(root) => root.deck.position"))
    assert all(region["start"] - 0.3 <= at <= region["end"] + 0.1 for at in inside), inside
    assert person.deck("(root) => root.deck.player.masterPeak()") >= 0.0
    person.page.keyboard.press("m")
    assert person.page.locator(".mute").first.get_attribute("aria-pressed") == "true"
    person.page.keyboard.press("Space")
    person.page.locator('.deck[data-state="ready"]').wait_for()
    person.page.keyboard.press("Escape")
    person.page.keyboard.press("Home")
    assert person.deck("(root) => [root.deck.position, root.deck.region]") == [0, None]
    person.page.keyboard.press("+")
    assert person.deck("(root) => root.deck.view.end - root.deck.view.start") < 6
    person.page.keyboard.press("3")
    assert person.deck("(root) => root.deck.listening") == "difference"
    assert person.errors == []
    person.page.close()


def test_two_people_do_not_see_each_other(browser, address):
    one, other = Person(browser, address), Person(browser, address)
    one.open(DUET)
    other.page.reload()
    other.page.get_by_role("heading", name="Say what you want to hear").wait_for()
    assert other.page.locator(".deck").count() == 0
    one.page.close()
    other.page.close()


def test_another_model_is_chosen_in_the_page(browser, models, tmp_path):
    """By the command line, then among the installed ones; one that does not fit is never served."""
    own = tmp_path / "home" / "models"
    shutil.copytree(models / "separator", own / "tiny")
    shutil.copytree(models / "encoder", own / "encoder")
    options = ("--model", str(models / "separator"), "--encoder", "encoder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LASS_HOME", str(tmp_path / "home"))
        with served(tmp_path / "log", *options) as address:
            person = Person(browser, address)
            person.page.get_by_text("Continue a project").click()
            chosen = person.page.get_by_role("combobox", name="Model", exact=True)
            chosen.wait_for()
            person.settled()
            assert chosen.input_value() == "separator"
            chosen.click()
            person.page.get_by_role("option", name="tiny").click()
            person.settled()
            person.open(DUET)
            person.page.get_by_text("· tiny").wait_for()
            person.separate("dog")
            assert person.errors == []
            person.page.close()


def pictures(person):
    """Screenshots for the documentation: wide and narrow, light and dark."""
    if not os.environ.get("LASS_PICTURES"):
        return
    page = person.page
    person.deck("(root) => root.deck.seek(3.2)")
    page.set_viewport_size({"width": 1280, "height": 1120})
    person.screenshot("editor.png")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(1500)
    person.deck("(root) => root.deck.setDrawing('spectrum')")
    page.wait_for_timeout(1500)
    person.screenshot("editor-dark.png")
    person.deck("(root) => root.deck.setDrawing('wave')")
    page.set_viewport_size({"width": 400, "height": 1850})
    page.wait_for_timeout(1500)
    person.screenshot("editor-narrow-dark.png")
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(1500)
    person.screenshot("editor-narrow.png")
    page.set_viewport_size({"width": 1280, "height": 1300})
    person.tab("Effects")
    page.wait_for_timeout(2500)
    person.screenshot("editor-effects.png")
    person.tab("Export")
    page.wait_for_timeout(1500)
    person.screenshot("editor-export.png")
    page.set_viewport_size({"width": 1280, "height": 900})
