"""Prompt templates: the sentence that a word is put into before it is encoded."""

from __future__ import annotations

from collections.abc import Sequence

from lass.errors import ConfigError

__all__ = ["AS_TYPED", "CLIPSEP_TEMPLATES", "CLIPSEP_TRAINING", "check_templates", "fill"]

AS_TYPED = ("{}",)
"""The words as they are: what AudioSep and the compact encoder learned from."""

CLIPSEP_TEMPLATES = (
    "a photo of {}.",
    "a photo of the small {}.",
    "a low resolution photo of a {}.",
    "a photo of many {}.",
    "a photo of the small {}.",
)
"""The ensemble of CLIPSep's evaluation: five sentences, one of them twice, averaged."""

CLIPSEP_TRAINING = ("a photo of {}",)
"""The one sentence that CLIPSep was trained with."""


def check_templates(templates: Sequence[str]) -> tuple[str, ...]:
    """Templates that can be filled in.

    Args:
        templates: each with ``{}`` once, where the words go.

    Returns:
        The same as a tuple.

    Raises:
        ConfigError: there is none, or one has no ``{}``.

    Example:
        >>> check_templates(["the sound of {}"])
        ('the sound of {}',)
    """
    chosen = (templates,) if isinstance(templates, str) else tuple(templates)
    if not chosen:
        raise ConfigError('no prompt template was given: give at least one, such as "{}"')
    for template in chosen:
        if not isinstance(template, str) or template.count("{}") != 1:
            raise ConfigError(
                f"the prompt template {template!r} cannot be filled in: write {{}} once, where the "
                "words go"
            )
    return chosen


def fill(template: str, text: str) -> str:
    """The sentence to encode; other braces are left alone.

    Example:
        >>> fill("the sound of {}", "a {dog}")
        'the sound of a {dog}'
    """
    return template.replace("{}", text.strip())
