"""One user's work: separating, hands on the deck, previews, and what is kept."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from lass.edit import Effect, Gain, Remove, Span, Target


def published():
    """A place for content, and what came there."""
    kept = {}

    def publish(data, mimetype, place):
        kept[place] = (data, mimetype)
        return f"/media/{place}"

    return kept, publish


def changes(work, *told, start=0):
    listed = [
        {"strip": strip, "field": field, "value": value, "sequence": start + number}
        for number, (strip, field, value) in enumerate(told, start=1)
    ]
    return {"recording": work.identity, "sequence": start + len(told), "changes": listed}


def test_a_recording_is_one_strip(work):
    from lass_editor.deck_data import deck_data

    kept, publish = published()
    data = deck_data(work, publish)
    assert [strip["name"] for strip in data["strips"]] == ["everything"]
    assert data["recording"]["samples"] == 24000
    assert data["match"]["original_db"] == 0.0
    assert {mimetype for _, mimetype in kept.values()} == {"audio/flac", "image/png"}


def test_queries_become_strips_once(work):
    assert work.separate(["dog", "rain", "dog"]) == ["dog", "rain"]
    assert work.separate(["dog"]) == []
    assert [strip.id for strip in work.strips[:-1]] == ["dog", "rain"]
    assert work.history == ["dog", "rain"]
    assert not work.stale


def test_no_sound_goes_through_the_data(work):
    import json

    from lass_editor.deck_data import deck_data

    work.separate(["dog"])
    kept, publish = published()
    told = json.dumps(deck_data(work, publish))
    assert len(told) < 60_000
    assert sum(len(data) for data, _ in kept.values()) > len(told)


def test_hands_on_the_deck_are_taken_over_once(work):
    work.separate(["dog"])
    told = changes(work, ("dog", "gain_db", -3.0), ("dog", "mute", True), ("dog", "solo", True))
    assert work.take_changes(told) == []
    assert work.take_changes(told) == []
    assert list(work.session.operations)[1:] == [
        Gain(Target("dog"), gain_db=-3.0),
        Remove(Target("dog")),
    ]
    assert work.solos == {"dog"}
    assert work.seen == 3
    work.take_changes(changes(work, ("dog", "solo", False), start=3))
    assert work.solos == set()


def test_nonsense_from_the_browser_changes_nothing(work):
    work.separate(["dog"])
    before = work.session.operations
    told = changes(
        work,
        ("cat", "gain_db", 3.0),
        ("dog", "__class__", 1.0),
        ("dog", "gain_db", "loud"),
        ("dog", "gain_db", None),
    )
    assert work.take_changes(told) == []
    refused = work.take_changes(changes(work, ("dog", "gain_db", 1e9), start=4))
    assert len(refused) == 1
    assert "expected a number" in refused[0]
    assert work.session.operations == before


def test_only_strips_that_changed_are_rendered_again(work, monkeypatch):
    work.separate(["dog", "rain"])
    rendered = []
    blocks = work.session.strip_blocks

    def watched(strips, **options):
        rendered.extend(strip.id for strip in strips)
        return blocks(strips, **options)

    monkeypatch.setattr(work.session, "strip_blocks", watched)
    work.apply([Effect(Target("dog"), words="warm")])
    assert rendered == ["dog"]
    work.session.undo()
    assert not work.stale
    work.refresh()
    assert rendered == ["dog"]


def test_while_a_strip_is_rendered_the_old_ones_are_shown(work):
    work.separate(["dog"])
    shown = [strip.id for strip, _ in work.view]
    work.session.apply(Gain(Target("dog"), Span(0.5, 1.0), gain_db=6.0))
    assert work.stale
    assert [strip.id for strip, _ in work.view] == shown
    work.refresh()
    assert work.view[0][0].done


def test_a_selection_holds_for_what_has_no_time(work):
    work.region = Span(1.0, 2.0)
    own = Gain(Target("dog"), Span(0.0, 0.5), gain_db=3.0)
    made = work.with_region([own, Remove(Target("dog"))])
    assert made == [own, Remove(Target("dog"), Span(1.0, 2.0))]
    work.region = None
    assert work.with_region([own]) == [own]


def test_a_cut_silences_a_stretch(work):
    work.separate(["dog"])
    work.cut("dog", Span(1.0, 2.0))
    work.cut("no such strip", Span(1.0, 2.0))
    assert work.session.operations[-1] == Remove(Target("dog"), Span(1.0, 2.0))
    assert len(work.session.operations) == 2


def test_closing_leaves_nothing(work):
    folder = work.folder.path
    scratch = work.session._studio.scratch._folder
    assert folder.is_dir()
    assert scratch.is_dir()
    work.close()
    assert not folder.exists()
    assert not scratch.exists()


@pytest.mark.slow
def test_fifty_edits_and_undos_leave_memory_where_it_was(work):
    from lass_editor.deck_data import deck_data

    _, publish = published()

    def edit(number):
        gain_db = 1.0 + number % 7 / 10
        work.apply([Gain(Target("dog"), Span(0.5, 1.0), gain_db=gain_db)])
        deck_data(work, publish)
        work.session.undo()
        work.refresh()
        deck_data(work, publish)

    work.separate(["dog"])
    for number in range(50):
        edit(number)
    tracemalloc.start()
    gc.collect()
    edit(0)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(50):
        edit(number)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    kept = sum(one.size for one in work._previews.values())
    assert grown < max(0.1 * kept, 200_000)
