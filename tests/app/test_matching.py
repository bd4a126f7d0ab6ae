"""Loudness matching against gains that are known."""

from __future__ import annotations

import numpy as np
import pytest


def matched(sound, *, gain_db=0.0, mute=False, scale=1.0):
    from lass_editor.deck_session import Control
    from lass_editor.matching import match_loudness
    from lass_editor.preview import make_preview

    signal = scale * sound(16000, seconds=4.0)
    preview = make_preview([signal], sample_rate=16000, length=signal.shape[1])
    control = Control(gain_db=gain_db, mute=mute)
    return match_loudness(preview, [(preview, control)], sample_rate=16000), np.abs(signal).max()


@pytest.mark.parametrize("gain_db", [-12.0, -1.0, 3.0])
def test_the_original_gets_the_gain_of_the_edit(sound, gain_db):
    match, _ = matched(sound, gain_db=gain_db)
    assert match.original_db == pytest.approx(gain_db, abs=0.02)
    assert f"{abs(gain_db):.1f} dB" in match.text


def test_the_original_is_not_driven_over_full_scale(sound):
    match, peak = matched(sound, gain_db=12.0, scale=2.0)
    assert peak * 10 ** (match.original_db / 20) == pytest.approx(max(1.0, peak), rel=1e-3)


def test_equal_loudness_and_silence_are_said(sound):
    assert matched(sound)[0].text == "Original and edit are equally loud"
    silent, _ = matched(sound, mute=True)
    assert silent.original_db == 0.0
    assert "nothing to hear" in silent.text
