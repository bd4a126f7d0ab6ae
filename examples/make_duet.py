"""Make `duet.wav`: a violin, a drum kit and a voice in one small room.

The score is below. It is turned into MIDI bytes with the standard library, played by
FluidSynth, spoken by espeak-ng, and mixed here with a seeded reverb, so every run of the same
programs gives the same file.

Needs these Debian packages:   apt-get install fluidsynth fluid-soundfont-gm espeak-ng
Run from the repository root:  python examples/make_duet.py [--stems FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lass.audio import common_gain, loudness_lufs, read, resample, write
from lass.errors import LassError

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE = 44100
DURATION_S = 10.3
TICKS = 480  # MIDI ticks in a quarter note
EIGHTH = TICKS // 2
BEAT_S = 0.6  # a dotted quarter: three eighths
START_S = 0.10
PEAK = 10 ** (-1.0 / 20)

SENTENCE = (
    "Good evening and welcome, here is a very old tune, played on one violin, "
    "with a drummer who keeps the time, and a talker who will not stop."
)

# "Greensleeves", the verse (English, 16th century, public domain), in A minor and 6/8.
# A note is its name with octave and its length in sixteenths.
MELODY = """
A4:2
C5:4 D5:2 E5:3 F5:1 E5:2   D5:4 B4:2 G4:3 A4:1 B4:2
C5:4 A4:2 A4:3 G#4:1 A4:2  B4:4 G#4:2 E4:4 A4:2
C5:4 D5:2 E5:3 F#5:1 E5:2  D5:4 B4:2 G4:3 A4:1 B4:2
C5:3 B4:1 A4:2 G#4:3 F#4:1 G#4:2  A4:12
"""

# One line per drum, one sign per eighth, two bars: x loud, o soft. General MIDI drum numbers.
GROOVE = {
    36: "x....o x..o..",  # bass drum
    38: "...x.. ...x.o",  # snare drum
    42: "xooxoo xooxo.",  # closed hi-hat
    46: "...... .....o",  # open hi-hat
}
FILL = {36: "x..x..", 38: "..ox.x", 45: "....x.", 42: "xoo...", 49: "......"}
BARS = 8

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

Signal = NDArray[np.float32]
Event = tuple[int, bytes]  # time in ticks, MIDI message


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("duet.wav"))
    parser.add_argument("--stems", type=Path, help="also write the three parts to this folder")
    arguments = parser.parse_args()
    try:
        stems = make_stems()
        write(
            arguments.output,
            sum_of(stems),
            sample_rate=RATE,
            subtype="PCM_16",
            on_existing="overwrite",
        )
        if arguments.stems:
            arguments.stems.mkdir(parents=True, exist_ok=True)
            for name, stem in stems.items():
                path = arguments.stems / f"{name}.wav"
                write(path, stem, sample_rate=RATE, subtype="FLOAT", on_existing="overwrite")
    except (LassError, OSError, subprocess.CalledProcessError) as error:
        print(f"make_duet: {error}", file=sys.stderr)
        return 1
    print(f"wrote {arguments.output}")
    return 0


def make_stems() -> dict[str, Signal]:
    """Play, place and level the parts; their sum peaks at -1 dBFS."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        violin = play(midi_file(violin_track()), work / "violin")
        drums = play(midi_file(drum_track()), work / "drums")
        voice = speak(SENTENCE, work / "voice.wav")
    placed = {
        "violin": level(in_room(pan(violin.mean(axis=0), -0.30), wet_db=-15, seed=1), -18.0),
        "drums": level(in_room(narrow(drums, 0.6), wet_db=-20, seed=2), -22.5),
        "voice": level(in_room(pan(voice[0], 0.35), wet_db=-21, seed=3), -20.5),
    }
    gain = PEAK / float(np.max(np.abs(sum_of(placed))))
    stems = {name: (stem * gain).astype(np.float32) for name, stem in placed.items()}
    assert common_gain([float(np.max(np.abs(sum_of(stems))))], subtype="PCM_16") == 1.0
    return stems


# --- the score as MIDI -------------------------------------------------------------------


def violin_track() -> list[Event]:
    """Program 40 on channel 1, legato, with a swell and vibrato on every longer note."""
    events: list[Event] = [(0, b"\xc0\x28"), (0, b"\xb0\x07\x70")]
    now = 0
    for word in MELODY.split():
        name, sixteenths = word.split(":")
        length = int(sixteenths) * EIGHTH // 2
        key = STEPS[name[0]] + ("#" in name) + 12 * (int(name[-1]) + 1)
        accent = 104 if (now - EIGHTH) % (3 * EIGHTH) == 0 else 88
        # A little over the next note, as a bow changes string; not over a repeated one.
        events += [(now, bytes([0x90, key, accent])), (now + length - 6, bytes([0x80, key, 0]))]
        events += expression(now, length)
        now += length
    return events


def expression(start: int, length: int) -> list[Event]:
    events: list[Event] = []
    for step in range(8):
        at, phase = start + length * step // 8, step / 8
        swell = round(92 + 35 * np.sin(np.pi * (0.15 + 0.7 * phase)))
        vibrato = round(min(length / TICKS, 1.5) * 40 * phase)
        events += [(at, bytes([0xB0, 11, min(swell, 127)])), (at, bytes([0xB0, 1, vibrato]))]
    return events


def drum_track() -> list[Event]:
    """The groove on channel 10, four times two bars, the last bar a fill; one crash to begin."""
    events: list[Event] = [(EIGHTH, bytes([0x99, 49, 70]))]
    rng = np.random.default_rng(6)
    for bar in range(BARS):
        last = bar == BARS - 1
        for drum, pattern in (FILL if last else GROOVE).items():
            signs = pattern.replace(" ", "")
            for eighth in range(6):
                sign = signs[(eighth if last else eighth + 6 * (bar % 2)) % len(signs)]
                if sign == ".":
                    continue
                at = EIGHTH * (1 + 6 * bar + eighth) + int(rng.integers(0, 8))
                strength = (108 if sign == "x" else 72) + int(rng.integers(-6, 7))
                events += [(at, bytes([0x99, drum, strength])), (at + 100, bytes([0x89, drum, 0]))]
    return events


def midi_file(events: list[Event]) -> bytes:
    """Write a format 0 MIDI file with one track."""
    quarter_us = round(BEAT_S / 1.5 * 1e6)
    body = b"\x00\xff\x51\x03" + quarter_us.to_bytes(3, "big")
    now = 0
    for at, message in sorted(events, key=lambda event: event[0]):
        body += variable_length(at - now) + message
        now = at
    body += variable_length(TICKS) + b"\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\0\0\0\1" + TICKS.to_bytes(2, "big")
    return header + b"MTrk" + len(body).to_bytes(4, "big") + body


def variable_length(value: int) -> bytes:
    """MIDI's numbers: seven bits per byte, the top bit set on all but the last."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


# --- the players -------------------------------------------------------------------------


def play(midi: bytes, path: Path) -> Signal:
    score, sound = path.with_suffix(".mid"), path.with_suffix(".wav")
    score.write_bytes(midi)
    command = ["fluidsynth", "-ni", "-q", "-R", "0", "-C", "0", "-g", "0.5", "-r", str(RATE)]
    command += ["-O", "s24", "-T", "wav", "-F", str(sound), str(SOUNDFONT), str(score)]
    if not SOUNDFONT.exists():
        raise FileNotFoundError(f"{SOUNDFONT} is missing: apt-get install fluid-soundfont-gm")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    audio, rate = read(sound)
    assert rate == RATE
    return fit(audio, START_S)


def speak(text: str, path: Path) -> Signal:
    command = ["espeak-ng", "-v", "en-gb", "-s", "152", "-p", "42", "-w", str(path), text]
    subprocess.run(command, check=True)
    audio, rate = read(path)
    return fit(resample(audio, from_hz=rate, to_hz=RATE), START_S + 0.35)


# --- the room ----------------------------------------------------------------------------


def fit(audio: Signal, start_s: float) -> Signal:
    """Put a part at its time, cut to the length of the piece with a fade at the end."""
    samples, start, fade = round(DURATION_S * RATE), round(start_s * RATE), round(0.3 * RATE)
    result = np.zeros((audio.shape[0], samples), np.float32)
    end = min(samples, start + audio.shape[1])
    result[:, start:end] = audio[:, : end - start]
    result[:, -fade:] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    return result


def pan(mono: Signal, place: float) -> Signal:
    """Constant power; -1 is left, 1 is right."""
    angle = (place + 1) * np.pi / 4
    return np.stack([mono * np.cos(angle), mono * np.sin(angle)]).astype(np.float32)


def narrow(stereo: Signal, width: float) -> Signal:
    middle, side = stereo.mean(axis=0), (stereo[0] - stereo[1]) / 2 * width
    return np.stack([middle + side, middle - side])


def in_room(stereo: Signal, *, wet_db: float, seed: int) -> Signal:
    """Add a small room: noise that decays by 60 dB in 0.45 s, darker than the source."""
    rng = np.random.default_rng(seed)
    length, before = round(0.5 * RATE), round(0.012 * RATE)
    decay = 10 ** (-3 * np.arange(length) / (0.45 * RATE))
    response = rng.standard_normal((2, length)) * decay
    response /= np.sqrt(np.sum(response**2, axis=1, keepdims=True))
    samples = stereo.shape[1]
    size = 1 << (samples + length + before).bit_length()
    hz = np.fft.rfftfreq(size, 1 / RATE)
    tone = 1 / np.sqrt(1 + (hz / 5000) ** 2) * (hz / np.sqrt(hz**2 + 150**2))
    spectrum = np.fft.rfft(stereo.mean(axis=0), size) * tone * np.fft.rfft(response, size, axis=1)
    wet = np.fft.irfft(spectrum, size, axis=1)[:, : samples - before]
    result = stereo.astype(np.float64)
    result[:, before:] += wet * 10 ** (wet_db / 20)
    fade = round(0.05 * RATE)
    result[:, -fade:] *= np.linspace(1, 0, fade)
    return result.astype(np.float32)


def level(audio: Signal, lufs: float) -> Signal:
    gain_db = lufs - loudness_lufs(audio, sample_rate=RATE)
    return (audio * 10 ** (gain_db / 20)).astype(np.float32)


def sum_of(stems: dict[str, Signal]) -> Signal:
    return np.sum(np.stack(list(stems.values())), axis=0, dtype=np.float64).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
