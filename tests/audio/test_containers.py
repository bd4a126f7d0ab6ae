from pathlib import Path

import pytest

from lass.audio import AudioInfo, choose_subtype, container_of
from lass.errors import AudioWriteError


def source(subtype, container="WAV"):
    return AudioInfo(Path("in"), 44100, 2, 100, container, subtype)


@pytest.mark.parametrize(
    ("target", "like", "expected"),
    [
        ("a.wav", None, "FLOAT"),
        ("a.flac", None, "PCM_24"),
        ("a.ogg", None, "VORBIS"),
        ("a.opus", None, "OPUS"),
        ("a.mp3", None, "MPEG_LAYER_III"),
        ("a.wav", "PCM_16", "PCM_16"),
        ("a.wav", "PCM_24", "PCM_24"),
        ("a.wav", "PCM_U8", "PCM_U8"),
        ("a.wav", "PCM_S8", "PCM_U8"),
        ("a.wav", "FLOAT", "FLOAT"),
        ("a.wav", "DOUBLE", "DOUBLE"),
        ("a.wav", "VORBIS", "FLOAT"),
        ("a.wav", "MPEG_LAYER_III", "FLOAT"),
        ("a.wav", "ULAW", "PCM_16"),
        ("a.wav", "IMA_ADPCM", "PCM_16"),
        ("a.flac", "PCM_U8", "PCM_S8"),
        ("a.flac", "PCM_32", "PCM_24"),
        ("a.flac", "FLOAT", "PCM_24"),
        ("a.flac", "MPEG_LAYER_III", "PCM_24"),
        ("a.aiff", "PCM_S8", "PCM_S8"),
        ("a.mp3", "PCM_16", "MPEG_LAYER_III"),
    ],
)
def test_automatic_coding(target, like, expected):
    told = None if like is None else source(like)
    assert choose_subtype(container_of(target), like=told) == expected


def test_an_explicit_coding_wins():
    container = container_of("a.wav")
    assert choose_subtype(container, subtype="pcm_24", like=source("PCM_16")) == "PCM_24"
    with pytest.raises(AudioWriteError, match="cannot hold 'PCM_99'"):
        choose_subtype(container, subtype="PCM_99")


@pytest.mark.parametrize("name", ["wav", "flac", "aiff", "caf", "w64", "rf64", "au"])
def test_libsndfile_has_every_coding_of_the_table(name):
    import soundfile

    container = container_of("a", name=name)
    for subtype in (*container.lossless, container.default):
        assert soundfile.check_format(container.format, subtype)
