"""Words become effect settings: `text_to_fx`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lass.audio import validate
from lass.errors import AudioError, EffectError
from lass.fx.catalogue import effect_class
from lass.fx.chain import Chain
from lass.fx.checks import check_amount
from lass.fx.ear import Ear
from lass.fx.hearing import Hearing, loudest, matching_gain_db, to_rate
from lass.fx.levels import Gain
from lass.fx.outcome import Audio, Method, TextFx
from lass.fx.prompts import Prompt, parse_prompt
from lass.fx.word_model import WordModel
from lass.fx.wording import WORD_EFFECTS, Target, chain_for, target_for
from lass.query.algebra import is_silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.query.types import QueryEncoder

__all__ = ["METHODS", "text_to_fx", "words_to_chain"]

METHODS = ("default", "cosine", "directional")

_DRAWS = 3
_MAX_SEED = 2**32


def text_to_fx(
    audio: Audio,
    sample_rate: int,
    prompt: str,
    effects: Sequence[str] = ("eq", "reverb"),
    method: Method = "default",
    seed: int = 0,
    *,
    amount: float = 1.0,
    match_loudness: bool = True,
    steps: int = 600,
    restarts: int = 3,
    encoder: QueryEncoder | None = None,
    refine: bool = False,
    on_step: Callable[[int, int], None] | None = None,
) -> TextFx[Audio]:
    """Change a sound as words say.

    Args:
        audio: ``(channels, samples)``, floating type, finite; NumPy or torch.
        sample_rate: In Hz.
        prompt: Such as "a little brighter, not so boomy, keep the low end".
        effects: Names of effects, in their order. The default method sets ``eq``,
            ``graphic_eq`` and ``reverb``.
        method: ``"default"``: what listeners meant by the words. ``"cosine"`` and
            ``"directional"``: Text2FX as published, in the query space.
        seed: Same seed, same result.
        amount: 0 for no change, 1 for what the words say, more to exaggerate.
        match_loudness: Whether the result is as loud as the recording.
        steps: Gradient steps of the published methods.
        restarts: Random starts of the published methods, or starts of the refinement.
        encoder: Query space for the similarity. If None, the default method asks the ear for
            effects, and the published methods the shipped space.
        refine: Whether the default method follows the ear for effects from what the words mean,
            within their uncertainty (`lass.fx.refining`).
        on_step: Called by the published methods after every step with steps done and in all.

    Returns:
        The result. Silence stays silence.

    Raises:
        AudioError: If the audio is not as described, is empty, or is silent where a published
            method must listen to it.
        EffectError: If an effect, the method, the amount or the seed is not as described.
        QueryError: If the prompt says nothing or contradicts itself.

    Example:
        >>> noise = np.random.default_rng(0).standard_normal((1, 16000)).astype(np.float32) / 10
        >>> fx = text_to_fx(noise, 16000, "bright", effects=["eq"])
        >>> low, high = fx.chain.response_db([100.0, 6000.0])
        >>> bool(high > low), fx.audio.shape
        (True, (1, 16000))
    """
    signal = _signal(audio, sample_rate)
    names = _checked(effects, method, amount, seed, steps, restarts)
    model = _model()
    wishes = parse_prompt(prompt, knows=model.knows)
    silent = is_silent(signal)
    where = loudest(signal, sample_rate=sample_rate)
    excerpt = signal[:, where]
    hearing = None if method == "default" and encoder is None else Hearing(encoder)
    target = target_for(wishes, model, room_only=_room_only(names)) if method == "default" else None
    fits = _judge(prompt, target, hearing, sample_rate)
    found: _Search
    if method == "default":
        assert target is not None
        moved = target
        if refine and not silent:
            moved = _refined(target, names, excerpt, sample_rate, seed, restarts)
        found = _by_words(wishes, moved, names, seed, model, fits, excerpt, sample_rate, amount)
    elif silent:
        raise AudioError(
            "the recording is silent, and this method must listen to it; give a sound, or the "
            "method 'default'"
        )
    else:
        from lass.fx.published import search

        assert hearing is not None
        mono = to_rate(
            torch.from_numpy(excerpt.mean(axis=0)),
            sample_rate=sample_rate,
            target_hz=hearing.sample_rate,
        )
        result = search(
            mono, prompt, chain=Chain([effect_class(name)() for name in names]), hearing=hearing,
            loss=method, seed=seed, restarts=restarts, steps=steps, on_step=on_step,
        )  # fmt: skip
        found = _Search(
            result.chains[result.best].scaled(amount),
            float(result.similarities.std(correction=0)),
            None,
            (),
            (),
        )
    chain: Chain = found.chain
    made = chain.apply(signal, sample_rate=sample_rate)
    if match_loudness and not silent:
        gain_db = matching_gain_db(made, signal, sample_rate=sample_rate)
        if abs(gain_db) >= 0.01:
            chain = Chain([*chain, Gain(gain_db=gain_db)])
            made = made * np.float32(10.0 ** (gain_db / 20.0))
    before = 0.0 if silent else fits(excerpt)
    after = 0.0 if silent else fits(made[:, where])
    return TextFx(
        audio=_like(made, audio),
        chain=chain,
        similarity_before=before,
        similarity_after=after,
        spread=found.spread,
        reliable=after - before > max(found.spread, 1e-6),
        certainty=found.certainty,
        unknown=found.unknown,
        doubtful=found.doubtful,
        method=method,
        seed=seed,
    )


def words_to_chain(
    prompt: str, effects: Sequence[str] = ("eq", "reverb"), *, amount: float = 1.0, seed: int = 0
) -> Chain:
    """Settings that words mean, whatever the recording: `text_to_fx` without a sound.

    Args:
        prompt: As for `text_to_fx`.
        effects: Names from ``eq``, ``graphic_eq`` and ``reverb``, in their order.
        amount: 0 for no change, 1 for what the words say, more to exaggerate.
        seed: Chooses the noise of the reverb.

    Returns:
        The effects, without a gain that keeps the loudness.

    Raises:
        EffectError: If an effect, the amount or the seed is not as described.
        QueryError: If the prompt says nothing or contradicts itself.

    Example:
        >>> [effect.name for effect in words_to_chain("warm and distant")]
        ['eq', 'reverb']
    """
    names = _checked(effects, "default", amount, seed, 1, 1)
    model = _model()
    wishes = parse_prompt(prompt, knows=model.knows)
    target = target_for(wishes, model, room_only=_room_only(names))
    return chain_for(target, names, seed=seed, locks=wishes.locks).scaled(amount)


def _room_only(names: Sequence[str]) -> bool:
    return not {"eq", "graphic_eq"} & set(names)


def _judge(
    prompt: str, target: Target | None, hearing: Hearing | None, sample_rate: int
) -> Callable[[NDArray[np.float32]], float]:
    """How well a sound fits: in a query space if there is one, otherwise to the ear for effects."""
    if hearing is None:
        assert target is not None
        ear, place = _ear(), target.ratings
        return lambda heard: ear.similarity(heard, sample_rate, place)
    wanted = hearing.text(f"this sound is {prompt}")
    return lambda heard: float(hearing.sound(heard, sample_rate) @ wanted)


@dataclass(frozen=True)
class _Search:
    """Settings, the spread of the similarity, and what is known about the words."""

    chain: Chain
    spread: float
    certainty: float | None
    unknown: tuple[str, ...]
    doubtful: tuple[str, ...]


def _refined(
    target: Target,
    names: Sequence[str],
    excerpt: NDArray[np.float32],
    sample_rate: int,
    seed: int,
    restarts: int,
) -> Target:
    """The target, moved by the ear on the loudest seconds of the excerpt."""
    from lass.fx.refining import SECONDS, refine

    where = loudest(excerpt, sample_rate=sample_rate, seconds=SECONDS)
    mono = torch.from_numpy(excerpt[:, where].mean(axis=0))
    return refine(
        target,
        to_rate(mono, sample_rate=sample_rate),
        _ear(),
        tone=not _room_only(names),
        room="reverb" in names,
        seed=seed,
        restarts=restarts,
    ).target


def _by_words(
    wishes: Prompt,
    target: Target,
    names: Sequence[str],
    seed: int,
    model: WordModel,
    fits: Callable[[NDArray[np.float32]], float],
    excerpt: NDArray[np.float32],
    sample_rate: int,
    amount: float,
) -> _Search:
    """Settings from what listeners meant, and how far the similarity varies over draws of them."""

    def chain_of(target: Target) -> Chain:
        return chain_for(target, names, seed=seed, locks=wishes.locks).scaled(amount)

    room_only = _room_only(names)
    generator = np.random.default_rng(seed)
    heard = []
    if not is_silent(excerpt):
        for _ in range(_DRAWS):
            drawn = target_for(wishes, model, room_only=room_only, draw=generator)
            made = chain_of(drawn).apply(excerpt, sample_rate=sample_rate)
            heard.append(fits(made))
    spread = float(np.std(heard)) if heard else 0.0
    return _Search(chain_of(target), spread, target.certainty, target.unknown, target.doubtful)


@lru_cache(maxsize=1)
def _model() -> WordModel:
    return WordModel.load()


@lru_cache(maxsize=1)
def _ear() -> Ear:
    return Ear.load()


def _signal(audio: object, sample_rate: int) -> NDArray[np.float32]:
    """The audio as float32 NumPy, or an error."""
    array = audio.detach().cpu().numpy() if isinstance(audio, Tensor) else audio
    signal = validate(array, sample_rate=sample_rate)
    if signal.shape[1] == 0:
        raise AudioError("the audio has no samples, expected at least one; give a recording")
    return signal


def _like(made: NDArray[np.float32], audio: Audio) -> Audio:
    if isinstance(audio, Tensor):
        return torch.from_numpy(made).to(audio.device)
    return made


def _checked(
    effects: Sequence[str], method: str, amount: float, seed: object, steps: int, restarts: int
) -> list[str]:
    """The names of the effects, everything else found right."""
    names = [effects] if isinstance(effects, str) else list(effects)
    if not names:
        raise EffectError(f"no effect was given; give some of {', '.join(WORD_EFFECTS)}")
    for name in names:
        effect_class(name)
    if method not in METHODS:
        raise EffectError(f"the method is {method!r}, expected one of {', '.join(METHODS)}")
    wrong = [name for name in names if name not in WORD_EFFECTS]
    if method == "default" and wrong:
        raise EffectError(
            f"words cannot set the effect {wrong[0]!r}, only {', '.join(WORD_EFFECTS)}; "
            "give one of these, or the method 'cosine'"
        )
    check_amount(amount)
    if (
        isinstance(seed, bool)
        or not isinstance(seed, int | np.integer)
        or not 0 <= seed < _MAX_SEED
    ):
        raise EffectError(f"the seed is {seed!r}, expected a whole number from 0 to 2**32-1")
    if steps < 1 or restarts < 1:
        raise EffectError(f"steps is {steps} and restarts {restarts}, expected 1 or more of each")
    return names
