"""Pictures as CLIP wants to see them, compared with Pillow where it is installed."""

import numpy as np
import pytest

from lass.errors import ModelError, QueryError
from lass.query.images import Preparation, read_image

PLAIN = Preparation(32, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def picture(height, width):
    rng = np.random.default_rng(height)
    rough = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    return np.kron(rough, np.ones((8, 8, 1), np.uint8))[:height, :width]


def test_a_square_of_the_right_size_is_left_alone():
    image = picture(32, 32)
    np.testing.assert_allclose(PLAIN(image).numpy(), image.transpose(2, 0, 1) / 255.0, atol=1e-6)


def test_mean_and_deviation():
    prepare = Preparation(32, (0.5, 0.25, 0.0), (0.5, 0.25, 1.0))
    prepared = prepare(np.full((32, 32, 3), 255, np.uint8))
    np.testing.assert_allclose(prepared[:, 0, 0].numpy(), [1.0, 3.0, 1.0], atol=1e-6)


@pytest.mark.parametrize("size", [(64, 64), (50, 120), (121, 40), (10, 20), (1, 1), (33, 32)])
def test_any_size_becomes_the_middle_square(size):
    image = np.full((*size, 3), 77, np.uint8)
    prepared = PLAIN(image).numpy()
    assert prepared.shape == (3, 32, 32)
    np.testing.assert_allclose(prepared, 77 / 255.0, atol=1e-6)


@pytest.mark.parametrize("size", [(64, 64), (50, 120), (121, 40), (20, 24)])
def test_it_is_what_pillow_makes(size):
    images = pytest.importorskip("PIL.Image")
    image = picture(*size)
    scale = 32 / min(size)
    height, width = (int(length * scale) for length in size)
    small = np.asarray(images.fromarray(image).resize((width, height), images.Resampling.BICUBIC))
    top, left = (height - 32) // 2, (width - 32) // 2
    expected = small[top : top + 32, left : left + 32].transpose(2, 0, 1)
    off = np.abs(PLAIN(image).numpy() * 255.0 - expected)
    assert off.max() < 10.0  # where an edge overshoots, the order of rows and columns tells
    assert np.mean(off < 1.01) > 0.95


def test_what_a_folder_states(tmp_path):
    assert Preparation.read(tmp_path, side=224) == Preparation()
    path = tmp_path / "preprocessor_config.json"
    path.write_text('{"image_mean": [0, 0, 0], "image_std": [1, 1, 1]}')
    assert Preparation.read(tmp_path, side=32) == PLAIN
    path.write_text("[")
    with pytest.raises(ModelError, match="cannot read"):
        Preparation.read(tmp_path, side=32)


def test_files(tmp_path):
    images = pytest.importorskip("PIL.Image")
    image = picture(9, 14)
    images.fromarray(image).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
    images.fromarray(image[..., 0]).save(tmp_path / "grey.png")
    assert read_image(tmp_path / "grey.png").shape == (9, 14, 3)
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(QueryError, match="no image that can be read"):
        read_image(tmp_path / "b.png")
    with pytest.raises(QueryError, match="there is no image"):
        read_image(tmp_path / "gone.png")


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_every_format_of_photographs_is_read(tmp_path, kind):
    images = pytest.importorskip("PIL.Image")
    images.fromarray(picture(9, 14)).save(tmp_path / "a", kind)
    assert read_image(tmp_path / "a").shape == (9, 14, 3)


def test_no_other_program_is_started(tmp_path, monkeypatch):
    """Pillow would give PostScript to Ghostscript, whatever the file is called."""
    import subprocess

    pytest.importorskip("PIL.Image")
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was started"))
    path = tmp_path / "a.png"
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(QueryError, match="no image that can be read"):
        read_image(path)


def test_a_picture_beyond_all_measure(tmp_path):
    from tests.fuzz.targets.picture import _claimed

    pytest.importorskip("PIL.Image")
    for size in (10_000, 100_000, 2**31 - 1):
        (tmp_path / "a.png").write_bytes(_claimed(size, size)[1:])
        with pytest.raises(QueryError, match=r"is too large|no image that can be read"):
            read_image(tmp_path / "a.png")


def test_without_pillow(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(QueryError, match=r'pip install "lass\[clap\]"'):
        read_image(tmp_path / "a.png")
