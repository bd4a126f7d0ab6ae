"""The same tiny foreign encoders as for the query layer."""

from tests.query.conftest import clap, clap_folder, clip, clip_folder

__all__ = ["clap", "clap_folder", "clip", "clip_folder"]
