"""The promises of docs/design.md over whatever hypothesis thinks of; see docs/reliability.md."""

import tempfile
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.audio import info, write
from lass.errors import LassError, QueryError

FEW = settings(max_examples=12, deadline=None)
BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}
KINDS = [
    ("wav", "PCM_U8"), ("wav", "PCM_16"), ("wav", "PCM_24"), ("flac", "PCM_S8"), ("flac", "PCM_16"),
    ("flac", "PCM_24"), ("aiff", "PCM_16"), ("w64", "PCM_24"), ("rf64", "PCM_16"),
    ("caf", "PCM_24"), ("au", "PCM_16"),
]  # fmt: skip
RATES = st.sampled_from([1, 100, 7350, 8000, 22050, 44100, 48000, 96000, 192000])


def codes(path):
    """Integer codes of a file, by soundfile and not by `lass`."""
    stored, _ = soundfile.read(path, dtype="int32", always_2d=True)
    return (stored >> (32 - BITS[soundfile.info(path).subtype])).astype(np.int64)


@FEW
@given(
    kind=st.sampled_from(KINDS),
    rate=RATES,
    channels=st.integers(1, 8),
    samples=st.integers(1, 3000),
    queries=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_nothing_of_a_file_is_lost(separator, kind, rate, channels, samples, queries, seed):
    """Promise 1: sum, length, channels, rate and bit depth, code by code."""
    ending, coding = kind
    rate = max(rate, 10) // 10 * 10 if ending == "flac" else rate
    audio = np.random.default_rng(seed).uniform(-0.4, 0.4, (channels, samples))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"in.{ending}")
        write(path, audio.astype(np.float32), sample_rate=rate, subtype=coding)
        result = separator.separate_file(path, ["violin", "dog", "rain"][:queries])
        outputs = [*result.parts.values(), result.residual]
        for output in outputs:
            told = info(output)
            assert (told.sample_rate, told.channels, told.samples) == (rate, channels, samples)
            assert told.subtype == coding
        if result.gain_db == 0.0:
            np.testing.assert_array_equal(sum(map(codes, outputs)), codes(path))


@FEW
@given(rate=RATES, channels=st.integers(1, 5), samples=st.integers(0, 4000))
def test_silence_stays_silence(separator, rate, channels, samples):
    """Promise 3."""
    result = separator.separate(np.zeros((channels, samples), np.float32), rate, ["dog", "rain"])
    assert not any(part.any() for part in result.parts.values())
    assert not result.residual.any()
    assert set(result.scores.values()) == {0.0}


@FEW
@given(
    order=st.permutations(["violin", "dog barking", "rain", "a man talking"]),
    rate=st.sampled_from([8000, 44100]),
    channels=st.integers(1, 3),
    samples=st.integers(1, 3000),
)
def test_the_order_of_queries_is_of_no_consequence(
    separator, sound, order, rate, channels, samples
):
    """Promise 5: each part as if it were asked for alone."""
    audio = sound(rate, channels=channels, samples=samples)
    together = separator.separate(audio, rate, order)
    assert list(together.parts) == order
    alone = separator.separate(audio, rate, order[-1:])
    np.testing.assert_array_equal(together.parts[order[-1]], alone.parts[order[-1]])
    assert together.scores[order[-1]] == alone.scores[order[-1]]


@FEW
@given(rate=RATES, channels=st.integers(2, 5), samples=st.integers(1, 3000))
def test_channels_may_stand_in_any_order(separator, sound, rate, channels, samples):
    """Promise 5: equal channels equal mono, and one channel knows nothing of the others."""
    audio = sound(rate, channels=channels, samples=samples)
    forth = separator.separate(audio, rate, "dog").parts["dog"]
    back = separator.separate(audio[::-1], rate, "dog").parts["dog"]
    np.testing.assert_allclose(back[::-1], forth, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60) | st.text("./\\\0\n\u202e\ud800 ab", max_size=20))
def test_any_words_are_a_query_or_an_error_of_ours(separator, text):
    """Promise 7, for words: hostile text is encoded or refused, never more than that."""
    audio = np.ones((1, 64), np.float32)
    try:
        result = separator.separate(audio, 8000, [text])
    except QueryError:
        return
    (part,) = result.parts.values()
    np.testing.assert_allclose(part + result.residual, audio, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    head=st.sampled_from(
        [b"", b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS\0", b"FORM\0\0\0\0AIFF", b"ID3"]
    ),
    rest=st.binary(max_size=300),
)
def test_any_bytes_are_a_recording_or_an_error_of_ours(separator, head, rest):
    """Promise 7, for files: one sentence, and nothing half-written stays."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "in.wav")
        path.write_bytes(head + rest)
        try:
            separator.separate_file(path, ["violin"])
        except LassError as error:
            said = str(error)
        else:
            return
        assert said
        assert "\n" not in said
        assert [each.name for each in Path(folder).iterdir()] == ["in.wav"]
