"""How long the editor takes in a real browser, from opening a recording to the first strip.

    python eval/editor_speed.py [--seconds 30] [--query violin] [--rounds 3]

Starts `lass app` and Debian's chromium (extra [e2e]), makes a stereo file of the length out of
examples/duet.wav, opens it, types the query, and waits until its strip can be played. The model is
loaded while the page opens, as it is for a user.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from lass.audio import read, write

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]


def serve(port: int) -> subprocess.Popen[bytes]:
    """The editor, once it answers."""
    command = [sys.executable, "-m", "lass", "app", "--port", str(port), "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=2)
            break
        except OSError:
            time.sleep(0.5)
    return server


def once(page: Page, address: str, path: Path, query: str) -> dict[str, float]:
    """One user, one recording."""
    page.set_default_timeout(600_000)
    page.goto(address)
    chooser = page.locator('input[type="file"]').first
    chooser.wait_for(state="attached")
    page.wait_for_timeout(4000)  # somebody looks for a file; meanwhile the model is loaded
    start = time.monotonic()
    chooser.set_input_files(str(path))
    page.locator(".deck").wait_for()
    opened = time.monotonic()
    page.get_by_role("textbox", name="Which sounds").fill(query)
    page.keyboard.press("Enter")
    page.locator(f'.strip[data-strip="{query}"]').wait_for()
    separated = time.monotonic()
    page.get_by_role("button", name="Play").first.click()
    while not page.locator(".deck").evaluate("root => root.deck.player.playing"):
        page.wait_for_timeout(50)
    playing = time.monotonic()
    return {
        "open_s": opened - start,
        "query_to_strip_s": separated - opened,
        "open_and_query_to_sound_s": playing - start,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--query", default="violin")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "no chromium is installed"
    audio, rate = read(ROOT / "examples" / "duet.wav")
    length = round(options.seconds * rate)
    longer = np.tile(audio, (1, -(-length // audio.shape[1])))[:, :length]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "recording.wav"
        write(path, longer, sample_rate=rate, subtype="PCM_16")
        server = serve(port)
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            rows = [
                once(opened.new_page(), f"http://localhost:{port}", path, options.query)
                for _ in range(options.rounds)
            ]
        finally:
            opened.close()
            server.terminate()
            server.wait(30)
    told = {name: round(statistics.median(row[name] for row in rows), 2) for name in rows[0]}
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    told |= {"rounds": options.rounds, "seconds": options.seconds}
    told |= {"load": round(os.getloadavg()[0], 1), "largest_process_mib": round(peak)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
