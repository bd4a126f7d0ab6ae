import copy

import numpy as np
import pytest

from lass.data import ClipStore, MixtureConfig, MixtureSampler, QueryTable, read_manifests
from lass.data.augment import equalise, fit_length, place_in_room, speed
from lass.errors import DataError
from tests.data.pack import LABELS, make_pack


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    pack = make_pack(tmp_path_factory.mktemp("pack"))
    return ClipStore.open(pack, read_manifests(pack), cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def table():
    wordings = QueryTable.wordings(LABELS, {"hum": ["a low humming tone"]})
    texts = sorted({t for options in wordings.values() for t in options})
    # Every wording of a label is its own axis, plus a little of itself.
    vectors = {}
    for text in texts:
        label = next(name for name, options in wordings.items() if text in options)
        vectors[text] = np.eye(8, dtype=np.float32)[LABELS.index(label)]
    return QueryTable(wordings, vectors, examples=np.tile(np.eye(8, dtype=np.float32)[7], (24, 1)))


def sampler(store, table, seed=3, **changes):
    config = MixtureConfig(batch=4, segment_s=0.5, datasets=(("esc50", 1.0),), **changes)
    return MixtureSampler(store, range(len(store.clips)), table, config, seed=seed)


def test_same_number_same_batch(store, table):
    a, b = sampler(store, table).batch(5), sampler(store, table).batch(5)
    np.testing.assert_array_equal(a.mixture, b.mixture)
    np.testing.assert_array_equal(a.queries, b.queries)
    assert not np.array_equal(a.mixture, sampler(store, table).batch(6).mixture)
    assert not np.array_equal(a.mixture, sampler(store, table, seed=4).batch(5).mixture)


def test_all_targets_of_two_sources_sum_to_the_mixture(store, table):
    made = sampler(store, table, sources=(0.0, 1.0), absent=0.0)
    for number in range(5):
        batch = made.batch(number)
        np.testing.assert_allclose(batch.targets.sum(axis=1), batch.mixture, atol=1e-5)


def test_queries_name_their_targets(store, table):
    made = sampler(store, table, sources=(0.0, 1.0), absent=0.0, by_example=0.0, augment=0.0)
    batch = made.batch(0)
    rows = batch.queries.argmax(axis=-1)
    assert all(first != second for first, second in rows)
    for item in range(4):
        for slot in range(2):
            if LABELS[rows[item, slot]] == "hum":
                spectrum = np.abs(np.fft.rfft(batch.targets[item, slot]))
                assert spectrum.max() > 5 * np.sort(spectrum)[-20]


def test_absent_sounds_are_silent_and_not_in_the_mixture(store, table):
    made = sampler(store, table, sources=(0.0, 1.0), absent=1.0, by_example=0.0)
    batch = made.batch(1)
    assert np.all(batch.targets[:, -1] == 0)
    assert np.all(np.abs(batch.targets[:, 0]).max(axis=-1) > 0)
    assert np.all(batch.queries[:, 0].argmax(-1) != batch.queries[:, 1].argmax(-1))


def test_level_difference_stays_within_the_limit(store, table):
    made = sampler(store, table, sources=(0.0, 1.0), absent=0.0, snr_db=6.0)
    for number in range(8):
        energy = (made.batch(number).targets ** 2).sum(axis=-1)
        ratio_db = 10 * np.log10(energy[:, 0] / energy[:, 1])
        assert np.all(np.abs(ratio_db) <= 6.01)


def test_rates_are_never_mixed(store, table):
    high = sampler(store, table, high_rate=1.0).batch(0)
    low = sampler(store, table, high_rate=0.0).batch(0)
    assert (high.sample_rate, high.mixture.shape[1]) == (32000, 16000)
    assert (low.sample_rate, low.mixture.shape[1]) == (16000, 8000)


def test_examples_are_blended_in(store, table):
    made = sampler(store, table, by_example=1.0)
    queries = made.batch(0).queries
    assert np.all(queries[..., 7] > 0)
    np.testing.assert_allclose(np.linalg.norm(queries, axis=-1), 1.0, atol=1e-5)


def test_confusable_labels_are_not_mixed(store):
    vectors = {name: np.eye(8, dtype=np.float32)[0] for name in LABELS}
    wordings = {name: [name] for name in LABELS}
    same = QueryTable(wordings, vectors)
    with pytest.raises(Exception, match="50 draws"):
        sampler(store, same, sources=(0.0, 1.0)).batch(0)


def test_fit_length_places_without_loss():
    generator = np.random.default_rng(0)
    audio = np.arange(1, 61, dtype=np.float32)
    placed = fit_length(audio, samples=100, generator=generator)
    assert placed.size == 100
    np.testing.assert_array_equal(placed[placed > 0], audio)
    assert fit_length(audio, samples=7, generator=generator).tolist() == audio[:7].tolist()
    assert fit_length(audio[:0], samples=7, generator=generator).tolist() == [0.0] * 7


def test_speed_moves_pitch_by_the_factor():
    time = np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * 400 * time).astype(np.float32)
    fast = speed(tone, factor=1.25)
    peak = np.abs(np.fft.rfft(fast)).argmax() * 16000 / fast.size
    assert abs(peak - 500) < 2


def test_equalise_changes_colour_within_reach():
    generator = np.random.default_rng(1)
    click = np.zeros(4096, np.float32)
    click[0] = 1.0
    response = np.abs(np.fft.rfft(equalise(click, sample_rate=16000, generator=generator)))
    response_db = 20 * np.log10(response)
    assert np.all(np.abs(response_db) < 6.01)
    assert np.ptp(response_db) > 0.5


@pytest.mark.parametrize("direct_db", [-3.0, 12.0])
def test_a_room_follows_the_direct_sound(direct_db):
    click = np.zeros(16000, np.float32)
    click[2000] = 1.0
    rung = place_in_room(
        click,
        sample_rate=16000,
        generator=np.random.default_rng(2),
        decay_s=(0.4, 0.4),
        direct_db=(direct_db, direct_db),
    )
    assert rung.dtype == np.float32
    assert np.abs(rung[:2000]).max() < 1e-6
    tail = (rung - click).astype(np.float64)
    assert -10 * np.log10(np.sum(tail**2)) == pytest.approx(direct_db, abs=0.01)
    # Schroeder's backward integral falls by 30 dB in half of the decay time.
    left_db = 10 * np.log10(np.cumsum(tail[::-1] ** 2)[::-1] + 1e-20)
    fallen = left_db[2000] - left_db[2000 + 3200]
    assert fallen == pytest.approx(30.0, abs=1.5)


def test_rooms_and_twins_keep_the_sum_and_the_levels(store, table):
    made = sampler(store, table, sources=(0.0, 1.0), absent=0.0, rooms=1.0, twins=1.0, snr_db=6.0)
    plain = sampler(store, table, sources=(0.0, 1.0), absent=0.0, snr_db=6.0)
    for number in range(5):
        batch = made.batch(number)
        np.testing.assert_allclose(batch.targets.sum(axis=1), batch.mixture, atol=1e-5)
        energy = (batch.targets**2).sum(axis=-1)
        assert np.all(np.abs(10 * np.log10(energy[:, 0] / energy[:, 1])) <= 6.01)
        assert not np.array_equal(batch.mixture, plain.batch(number).mixture)


def test_a_twin_is_another_recording_of_the_label(store, table):
    made = sampler(store, table, twins=1.0)
    for index, clip in enumerate(store.clips):
        twin = store.clips[made._sibling(index, 16000, np.random.default_rng(index))]
        assert twin.label == clip.label
        assert twin.source != clip.source


def test_distractors_are_not_in_the_mixture(store, table):
    batch = sampler(store, table, distractors=5, by_example=0.0, absent=0.0).batch(0)
    assert batch.distractors.shape == (4, 5, batch.queries.shape[-1])
    names = np.stack([table.text(name, np.random.default_rng(0)) for name in table.labels])
    for queries, others in zip(batch.queries, batch.distractors, strict=True):
        asked = {int(i) for i in np.argmax(queries @ names.T, axis=1)}
        assert asked.isdisjoint(int(i) for i in np.argmax(others @ names.T, axis=1))


def test_distractors_leave_the_mixtures_as_they_are(store, table):
    plain, more = sampler(store, table), sampler(store, table, distractors=3)
    np.testing.assert_array_equal(plain.batch(0).mixture[0], more.batch(0).mixture[0])
    assert plain.batch(0).distractors.shape[1] == 0


def test_further_mixtures_are_only_recognised(store, table):
    plain, more = sampler(store, table), sampler(store, table, recognised=2)
    assert plain.batch(0).mixture.shape[0] == 4
    assert more.batch(0).mixture.shape[0] == 6
    np.testing.assert_array_equal(plain.batch(0).mixture, more.batch(0).mixture[:4])


def test_queries_pushed_away_say_what_they_are_not(store, table):
    made = sampler(store, table, sources=(0.0, 1.0), absent=0.0, by_example=0.0, against=1.0)
    queries = made.batch(0).queries
    np.testing.assert_allclose(np.linalg.norm(queries, axis=-1), 1.0, atol=1e-5)
    # The other sound of the mixture is the one with a negative share.
    for item in queries:
        for asked, other in ((item[0], item[1]), (item[1], item[0])):
            assert asked.min() < -0.2
            assert asked.argmin() == other.argmax()


def test_queries_of_a_second_look_know_what_is_heard_and_what_is_left(store, table):
    """Towards the sound of the clip that is asked for, away from the sound of the other one."""
    sounds = np.stack([np.eye(8, dtype=np.float32)[4 + LABELS.index(c.label)] for c in store.clips])
    heard = copy.copy(table)
    heard.examples = sounds
    made = sampler(store, heard, sources=(0.0, 1.0), absent=0.0, by_example=0.0, again=1.0)
    plain = sampler(store, heard, sources=(0.0, 1.0), absent=0.0, by_example=0.0)
    asked = np.concatenate([made.batch(number).queries for number in range(5)])
    np.testing.assert_allclose(np.linalg.norm(asked, axis=-1), 1.0, atol=1e-5)
    rests = []
    for first, second in asked:
        for one, other in ((first, second), (second, first)):
            own, rest = (4 + which[:4].argmax() for which in (one, other))
            assert one[own] > 0.0
            assert one[own] > one[rest]
            rests.append(one[rest])
    # A first look that took out a good deal of the other sound leaves little to push away from.
    assert np.mean(rests) < -0.05
    np.testing.assert_array_equal(made.batch(0).mixture[0], plain.batch(0).mixture[0])


def test_a_second_look_at_what_is_absent_hardly_moves_towards_what_is_there(store, table):
    sounds = np.stack([np.eye(8, dtype=np.float32)[4 + LABELS.index(c.label)] for c in store.clips])
    heard = copy.copy(table)
    heard.examples = sounds
    made = sampler(store, heard, sources=(0.0, 1.0), absent=1.0, by_example=0.0, again=1.0)
    batch = made.batch(2)
    assert not batch.targets[:, 1].any()
    assert np.all(batch.queries[:, 1, 4:].max(axis=-1) < 0.15)


def test_a_second_look_needs_the_sounds_of_the_clips(store, table):
    silent = copy.copy(table)
    silent.examples = None
    with pytest.raises(DataError, match="vectors of the clips"):
        sampler(store, silent, by_example=0.0, again=1.0).batch(0)


def test_the_rest_is_all_that_the_first_query_leaves(store, table):
    sounds = np.stack([np.eye(8, dtype=np.float32)[4 + LABELS.index(c.label)] for c in store.clips])
    heard = copy.copy(table)
    heard.examples = sounds
    made = sampler(store, heard, sources=(0.2, 0.4, 0.4), absent=0.3, by_example=0.0, rest=1.0)
    batches = [made.batch(number) for number in range(8)]
    absent = alone = 0
    for batch in batches:
        assert batch.rests.all()
        np.testing.assert_allclose(batch.targets.sum(axis=1), batch.mixture, atol=1e-6)
        for (first, rest), (own, others) in zip(batch.queries, batch.targets, strict=True):
            absent += not own.any()
            alone += not others.any()
            assert rest[first[:4].argmax()] < 0.0  # pushed away from what was asked for
            if own.any() and others.any():
                own_trace = rest[4 + first[:4].argmax()]
                assert own_trace < np.delete(rest[4:], first[:4].argmax()).sum()  # mostly others
    assert 3 <= absent <= 20
    assert alone > 0


def test_a_rest_is_asked_for_as_often_as_wished(store, table):
    heard = copy.copy(table)
    heard.examples = np.eye(8, dtype=np.float32)[np.arange(len(store.clips)) % 8]
    made = sampler(store, heard, sources=(0.0, 1.0), rest=0.5)
    share = np.mean([made.batch(number).rests for number in range(50)])
    assert 0.38 < share < 0.62
    assert not sampler(store, heard, sources=(0.0, 1.0)).batch(0).rests.any()
    single = sampler(store, heard, sources=(0.0, 1.0), queries=1, rest=1.0).batch(0)
    assert not single.rests.any()


def test_the_sound_of_clips_is_their_mean_with_a_share_of_others(table):
    known = copy.copy(table)
    known.examples = np.eye(8, dtype=np.float32)
    got = known.sounds([0, 1], [1, 2, 3], 0.5)
    expected = np.array([0.5, 0.5, 0.25, 0.25, 0, 0, 0, 0])
    np.testing.assert_allclose(got, expected / np.linalg.norm(expected), rtol=1e-6)
