"""What a user types becomes queries; suggestions come from the recording."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("typed", "queries"),
    [
        ("violin", ["violin"]),
        (" Dog   barking ,RAIN", ["dog barking", "rain"]),
        ("a;b\nc", ["a", "b", "c"]),
        ("dog, Dog , dog", ["dog"]),
        (" ,;\n ", []),
        (",".join("abcdefghijk"), list("abcdefgh")),
        ("x" * 500, ["x" * 200]),
    ],
)
def test_queries(typed, queries):
    pytest.importorskip("streamlit", reason="streamlit is not installed")
    from lass_editor.panel_queries import queries_in

    assert queries_in(typed) == queries


def test_suggestions_are_the_surest_labels(work, monkeypatch):
    from lass_editor import suggesting

    class Heard:
        def __init__(self, scores):
            self.scores = scores

    class Fake:
        asked = ()

        def find(self, audio, sample_rate, labels):
            assert audio.shape == (1, 24000)
            assert sample_rate == 8000
            self.asked += tuple(labels)
            return Heard({label: {"rain": 0.9, "siren": 0.5}.get(label, 0.1) for label in labels})

    fake, shares = Fake(), []
    found = suggesting.suggest(
        work.session, fake, on_progress=lambda stage, share: shares.append(share)
    )
    assert found == [("rain", 0.9), ("siren", 0.5)]
    assert fake.asked == suggesting.LABELS
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_of_a_long_recording_the_loudest_ten_seconds_are_heard(tmp_path, separator):
    import numpy as np
    from lass_editor.deck_session import DeckSession
    from lass_editor.suggesting import _loudest

    audio = np.full((1, 40 * 1000), 0.01, np.float32)
    audio[:, 25_000:31_000] = 0.5
    with DeckSession(audio, 1000, separator=separator) as session:
        excerpt = _loudest(session)
    assert excerpt.shape == (1, 10_000)
    assert (excerpt > 0.4).sum() >= 5_000
