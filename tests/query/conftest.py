"""Foreign encoders, tiny and with random weights; without transformers their tests are skipped."""

import pytest


@pytest.fixture(scope="session")
def clap_folder(tmp_path_factory):
    pytest.importorskip("transformers")
    from tests.query.tiny import make_clap

    return make_clap(tmp_path_factory.mktemp("clap") / "larger_clap_general")


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    pytest.importorskip("transformers")
    from tests.query.tiny import make_clip

    return make_clip(tmp_path_factory.mktemp("clip") / "clip-vit-base-patch32")


@pytest.fixture(scope="session")
def clap(clap_folder):
    from lass.query.clap import ClapEncoder

    return ClapEncoder(clap_folder)


@pytest.fixture(scope="session")
def clip(clip_folder):
    from lass.query.clip import ClipEncoder

    return ClipEncoder(clip_folder)
