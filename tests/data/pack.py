"""A tiny data pack of synthetic sounds, shaped like the real one."""

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import soundfile

LABELS = ("hum", "hiss", "click", "sweep")
COLUMNS = (
    "key", "shard", "dataset", "split", "label", "caption", "source", "licence", "sample_rate",
    "duration_s",
)  # fmt: skip


def sound(label: str, rate: int, seconds: float, generator: np.random.Generator) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    pitch = generator.uniform(200, 900)
    return {
        "hum": 0.3 * np.sin(2 * np.pi * pitch * time),
        "hiss": 0.1 * generator.standard_normal(time.size),
        "click": 0.5 * (np.sin(2 * np.pi * 5 * time) > 0.99),
        "sweep": 0.3 * np.sin(2 * np.pi * pitch * time**2),
    }[label].astype(np.float32)


def make_pack(folder: Path, *, clips: int = 24, seconds: float = 1.0) -> Path:
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    with tarfile.open(folder / "sound-train-000.tar", "w") as tar:
        for number in range(clips):
            label, rate = LABELS[number % 4], (16000, 32000)[number // 4 % 2]
            key = f"set__{number:03d}"
            file = io.BytesIO()
            samples = sound(label, rate, seconds, generator)
            soundfile.write(file, samples, rate, format="OGG", subtype="VORBIS")
            member = tarfile.TarInfo(f"{key}.ogg")
            member.size = file.getbuffer().nbytes
            file.seek(0)
            tar.addfile(member, file)
            rows.append(
                [key, "sound-train-000.tar", "esc50", "train", label, "", f"src{number}", "CC0",
                 rate, seconds]
            )  # fmt: skip
    rows.append(["set__test", "none.tar", "esc50", "test", "hum", "", "x", "CC0", 16000, 1.0])
    with (folder / "manifest-sound.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    with (folder / "phrases.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("label", "phrase"), ("hum", "a low humming tone")])
    return folder
