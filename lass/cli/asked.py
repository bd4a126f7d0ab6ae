"""From the options of a command line to queries, with everything checked that can be early."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lass.query import Query, QueryEncoder

__all__ = ["Asked", "Wanted", "gather"]

_LONGEST_EXAMPLE_S = 30.0


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line.

    Args:
        words: of ``--query``.
        without: of ``--without``.
        without_weight: of ``--without-weight``.
        like: file of ``--like``.
        span: text of ``--like-span``.
        image: file of ``--image``.
        saved: files of ``--query-file``.
        save_as: file of ``--save-query``.
        overwrite: whether that file may be replaced.
    """

    words: Sequence[str]
    without: Sequence[str] = ()
    without_weight: float = 0.5
    like: Path | None = None
    span: str | None = None
    image: Path | None = None
    saved: Sequence[Path] = ()
    save_as: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Asked:
    """Queries, ready to be asked of any recording.

    Args:
        names: of the queries, in order.
        queries: path of a recording → what to listen for in it.
        texts: all words, which a model may not know.
        save_as: where to keep the query, or None.
        overwrite: whether that file may be replaced.
    """

    names: Sequence[str]
    queries: Callable[[Path], Sequence[Query]]
    texts: Sequence[str]
    save_as: Path | None = None
    overwrite: bool = False

    def check(self, encoder: QueryEncoder, paths: Sequence[Path]) -> None:
        """Ask the encoder once, before any recording, and keep the query if that is wanted.

        Args:
            encoder: the model's.
            paths: the recordings.

        Raises:
            QueryError: it does not know a word, or the query cannot be saved.
        """
        encoder.encode_text(self.texts)
        if self.save_as is not None and paths:
            self.queries(paths[0])[0].save(self.save_as, encoder, overwrite=self.overwrite)


def gather(wanted: Wanted) -> Asked:
    """Make queries of the options.

    Args:
        wanted: what was given.

    Returns:
        The queries. Examples are read when they are first needed.

    Raises:
        ConfigError: options that do not go together.
        QueryError: words, or a saved query, that cannot be used.
    """
    from lass.errors import ConfigError
    from lass.query import Query, as_query
    from lass.query.which import read_query

    said = {query.name: query for query in map(read_query, wanted.words)}
    words = list(said)
    without = [as_query(text) for text in wanted.without]
    saved = [Query.load(path) for path in wanted.saved]
    shown = wanted.like is not None or wanted.span is not None or wanted.image is not None
    if shown and len(words) + len(saved) > 1:
        raise ConfigError(
            f"an example goes with one --query, not {len(words) + len(saved)}: it says what that "
            "one sounds like"
        )
    if shown and saved:
        raise ConfigError("an example goes with one --query, not with a saved query: give words")
    if not (shown or words or saved):
        raise ConfigError(
            'say what to listen for, such as --query "violin", or give an example with --like'
        )
    plain = [*said.values(), *saved]
    names = _names([query.name for query in plain])
    if shown:
        names = [words[0] if words else "example" if _heard(wanted) else "image"]
    _check_saving(wanted, names)

    def finish(queries: Sequence[Query]) -> list[Query]:
        named = [
            query if query.name == name else replace(query, label=name)
            for query, name in zip(queries, names, strict=True)
        ]
        return [query.minus(*without, weight=wanted.without_weight) for query in named]

    texts = [*(query.text for query in said.values()), *(query.name for query in without)]
    if not shown:
        ready = finish(plain)
        return Asked(names, lambda _: ready, texts, wanted.save_as, wanted.overwrite)
    return Asked(names, _examples(wanted, finish), texts, wanted.save_as, wanted.overwrite)


def _heard(wanted: Wanted) -> bool:
    return wanted.like is not None or wanted.span is not None


def _names(given: Sequence[str]) -> list[str]:
    """The same names, those that occur again with a number."""
    names: list[str] = []
    for name in given:
        unique, number = name, 2
        while unique in names:
            unique, number = f"{name} {number}", number + 1
        names.append(unique)
    return names


def _check_saving(wanted: Wanted, names: Sequence[str]) -> None:
    """Complain about ``--save-query`` before any work."""
    from lass.errors import ConfigError
    from lass.query.saved import check_path

    if wanted.save_as is None:
        return
    if len(names) > 1:
        raise ConfigError(f"--save-query keeps one query, not {len(names)}: give one")
    check_path(wanted.save_as, overwrite=wanted.overwrite)


def _examples(
    wanted: Wanted, finish: Callable[[Sequence[Query]], list[Query]]
) -> Callable[[Path], Sequence[Query]]:
    """How to make a query by example: once, or from each recording itself."""
    from lass.cli.spans import parse_span
    from lass.query.which import read_query

    times = None if wanted.span is None else parse_span(wanted.span)
    said = read_query(wanted.words[0]) if wanted.words else None
    made: dict[Path | None, list[Query]] = {}

    def make(path: Path) -> Sequence[Query]:
        own = wanted.like is None and wanted.span is not None  # a span of the recording itself
        key = path if own else None
        if key not in made:
            made.clear()
            made[key] = finish([_example(path if own else wanted.like, times, said, wanted.image)])
        return made[key]

    return make


def _example(
    path: Path | None, times: tuple[float, float] | None, said: Query | None, image: Path | None
) -> Query:
    """Query by words, at most 30 s of a recording, and a picture, as far as they are given."""
    from lass.audio import info, read
    from lass.query import Query
    from lass.query.images import read_image

    shown: dict[str, Any] = {"image": None if image is None else read_image(image)}
    if path is None:
        return Query(**shown) if said is None else replace(said, **shown)
    rate = info(path).sample_rate
    start_s, end_s = times or (0.0, _LONGEST_EXAMPLE_S)
    end_s = min(end_s, start_s + _LONGEST_EXAMPLE_S)
    audio, rate = read(path, start=round(start_s * rate), stop=round(end_s * rate))
    shown |= {"example": audio, "example_rate": rate}
    return Query(**shown) if said is None else replace(said, **shown)
