"""Effects in order and their settings: by name, and as places in their ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Self, overload

import numpy as np
from torch import Tensor

from lass.errors import EffectError
from lass.fx.checks import check_amount
from lass.fx.effect import Effect

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from lass.fx.parameters import Parameter

__all__ = ["EffectSequence"]


class EffectSequence(Sequence[Effect]):
    """What a chain knows of its settings; see :class:`lass.fx.Chain`.

    Args:
        effects: In the order in which the sound goes through them; none is allowed.

    Raises:
        EffectError: If something is no effect.

    Example:
        >>> from lass.fx import Gain
        >>> EffectSequence([Gain(), Gain()]).keys
        ('gain', 'gain_2')
    """

    def __init__(self, effects: Sequence[Effect] = ()) -> None:
        for effect in effects:
            if not isinstance(effect, Effect):
                raise EffectError(
                    f"a chain was given {effect!r}, expected effects such as lass.fx.EQ()"
                )
        self._effects = tuple(effects)
        counts: dict[str, int] = {}
        keys = []
        for effect in self._effects:
            counts[effect.name] = count = counts.get(effect.name, 0) + 1
            keys.append(effect.name if count == 1 else f"{effect.name}_{count}")
        self._keys = tuple(keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the effects in this chain, in order; each once."""
        return self._keys

    @property
    def parameters(self) -> dict[str, dict[str, float]]:
        """Values by effect and parameter, a copy."""
        return {key: dict(e.settings) for key, e in zip(self._keys, self._effects, strict=True)}

    @property
    def slots(self) -> tuple[tuple[str, Parameter], ...]:
        """Every parameter with the key of its effect, in the order of `positions`."""
        pairs = zip(self._keys, self._effects, strict=True)
        return tuple((key, parameter) for key, effect in pairs for parameter in effect.parameters)

    @property
    def positions(self) -> NDArray[np.float64]:
        """All values as places in their ranges, 0 to 1: ``(slots,)``."""
        values = self.parameters
        return np.array([p.position(values[key][p.name]) for key, p in self.slots])

    def settings_at(self, positions: Tensor) -> dict[str, dict[str, Tensor]]:
        """Turn positions into settings for `process`; differentiable.

        Args:
            positions: ``(slots,)`` or ``(batch, slots)``, from 0 to 1.

        Returns:
            A tensor of shape ``()`` or ``(batch,)`` by effect and parameter.

        Raises:
            EffectError: If the last axis has another size.

        Example:
            >>> import torch
            >>> from lass.fx import Chain, Gain
            >>> Chain([Gain()]).settings_at(torch.tensor([0.75]))
            {'gain': {'gain_db': tensor(12.)}}
        """
        slots = self.slots
        if positions.shape[-1:] != (len(slots),) or positions.ndim > 2:
            raise EffectError(
                f"positions have shape {tuple(positions.shape)}, expected ({len(slots)},) or "
                f"(batch, {len(slots)})"
            )
        result: dict[str, dict[str, Tensor]] = {key: {} for key in self._keys}
        for column, (key, parameter) in enumerate(slots):
            result[key][parameter.name] = parameter.value(positions[..., column])
        return result

    def at(self, positions: ArrayLike | Tensor) -> Self:
        """Make the chain that has given positions.

        Args:
            positions: ``(slots,)``; what is outside 0 to 1 is taken as the nearer end.

        Returns:
            A new chain.

        Raises:
            EffectError: If the size is wrong or a position is not finite.

        Example:
            >>> from lass.fx import Chain, Gain
            >>> Chain([Gain()]).at([0.75])
            Chain([Gain(gain_db=12)])
        """
        if isinstance(positions, Tensor):
            positions = positions.detach().cpu().numpy()
        given = np.asarray(positions, np.float64)
        if given.shape != (len(self.slots),) or not np.isfinite(given).all():
            raise EffectError(
                f"positions have shape {given.shape}, expected ({len(self.slots)},), all finite"
            )
        settings: dict[str, dict[str, float]] = {key: {} for key in self._keys}
        for (key, parameter), position in zip(self.slots, given.tolist(), strict=True):
            settings[key][parameter.name] = parameter.value(position)
        return self.replace(settings)

    def replace(self, settings: Mapping[str, Mapping[str, float]]) -> Self:
        """Change some settings.

        Args:
            settings: Values by effect and parameter, as in `parameters`; all others stay.

        Returns:
            A new chain.

        Raises:
            EffectError: If a name is unknown or a value out of range.

        Example:
            >>> from lass.fx import Chain, Gain
            >>> Chain([Gain(), Gain()]).replace({"gain_2": {"gain_db": 1.0}})
            Chain([Gain(), Gain(gain_db=1)])
        """
        self.check_keys(settings)
        pairs = zip(self._keys, self._effects, strict=True)
        return type(self)([effect.replace(**settings.get(key, {})) for key, effect in pairs])

    def scaled(self, amount: float) -> Self:
        """Do less of the same, or more; see :meth:`Effect.scaled`.

        Args:
            amount: 0 for no effect, 1 for this chain, more to exaggerate up to the ranges.

        Returns:
            A new chain of the same effects.

        Raises:
            EffectError: If the amount is negative or not finite.

        Example:
            >>> from lass.fx import EQ, Chain
            >>> Chain([EQ(peak_1_gain_db=8.0)]).scaled(0.25).parameters["eq"]["peak_1_gain_db"]
            2.0
        """
        check_amount(amount)
        return type(self)([effect.scaled(amount) for effect in self._effects])

    @overload
    def __getitem__(self, index: int) -> Effect: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Effect | Self:
        if isinstance(index, slice):
            return type(self)(self._effects[index])
        return self._effects[index]

    def __len__(self) -> int:
        return len(self._effects)

    def __iter__(self) -> Iterator[Effect]:
        return iter(self._effects)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EffectSequence) and self._effects == other._effects

    def __hash__(self) -> int:
        return hash(self._effects)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self._effects)!r})"

    def check_keys(self, settings: Mapping[str, object]) -> None:
        """Refuse settings for an effect that is not there.

        Args:
            settings: Anything by effect.

        Raises:
            EffectError: If there is no effect of that name.

        Example:
            >>> EffectSequence([]).check_keys({})
        """
        for key in settings:
            if key not in self._keys:
                raise EffectError(
                    f"the chain has no effect {key!r}; it has {', '.join(self._keys) or 'none'}"
                )
