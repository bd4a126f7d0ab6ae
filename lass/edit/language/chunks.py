"""From items to chunks: what stands between "and", "but" and commas, with times and amounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lass.edit.language.amounts import read_amount, read_degree
from lass.edit.language.items import Item, first_of, starts_with, text_of
from lass.edit.language.lists import phrases, words
from lass.edit.language.times import read_time
from lass.edit.language.wording import CLOSERS, HEADS, OPENERS, PARTICLE_VERBS, VERBS, plain_verb

__all__ = ["Chunk", "Head", "read_head", "split_chunks", "without_courtesy"]

_JOINTS = (
    "as well as", "along with", "together with", "but also", "and also", "and", "then", "but",
           "while", "whilst", "plus", "&", "also", "yet", "though", "although", "whereas",
           "followed by", "after which", "n", "'n'",
)  # fmt: skip
_ENDS = frozenset(".;!?")
_COMPOUNDS = frozenset(
    phrases(
        "rock roll,drum bass,drums bass guitar,rhythm blues,pots pans,knife fork,"
        "salt pepper,black white,call response,r b,country western,hustle bustle,"
        "cut paste,bump grind,ups downs,whoosh bang,pitter patter,bits pieces,"
        "back forth,to fro,ebb flow,nuts bolts,cat mouse,punch judy,fish chips,"
        "cloak dagger,hide seek,mortar pestle,stop start,up down,tongs hammer,"
        "chit chat,in out,on off,ding dong,crash bang"
    )
)
_BEFORE_BUT = frozenset(
    words("everything all anything nothing everywhere none everyone everybody any always")
)
_STRONG = frozenset(
    words("make remove delete mute keep isolate extract turn boost lower add pan fade raise solo")
)
_NO_BREAK_AFTER = frozenset(
    words(
        "to you please just let's lets not don't now i we only also could can would "
        "we'd i'd and then should do never ahead by the a or"
    )
)
_HEADS = tuple(HEADS)
_FIRST_OPENERS = sorted((tuple(said.split()) for said in OPENERS), key=len, reverse=True)
_LAST_CLOSERS = sorted((tuple(said.split()) for said in CLOSERS), key=len, reverse=True)


@dataclass(frozen=True)
class Chunk:
    """A stretch of an instruction.

    Args:
        items: what it says.
        joints: what stands before it: "and", "but", ",", ".".
        opens: whether a new sentence begins.
    """

    items: tuple[Item, ...]
    joints: tuple[str, ...]
    opens: bool


@dataclass(frozen=True)
class Head:
    """The verb of a clause, or the phrase that does its work.

    Args:
        does: what is to be done.
        verb: the verb in its plain form, with the particle that followed it.
        length: how many items it takes.
    """

    does: str
    verb: str
    length: int


def split_chunks(items: Sequence[Item]) -> list[Chunk]:
    """Find times, amounts and degrees, and split where clauses or the parts of a list meet."""
    chunks: list[Chunk] = []
    held: list[Item] = []
    joints: list[str] = []
    opens = True
    for item in _recognised(items):
        if item.kind != "break":
            held.append(item)
            continue
        if held:
            chunks.append(Chunk(tuple(held), tuple(joints), opens))
            held, joints, opens = [], [], False
        joints.append(item.text)
        opens = opens or item.text in _ENDS or item.text == "then"
    if held:
        chunks.append(Chunk(tuple(held), tuple(joints), opens))
    return chunks


def _recognised(items: Sequence[Item]) -> Iterator[Item]:
    """The items, with times, amounts, degrees and breaks in place of their words."""
    index, since_break = 0, 0
    while index < len(items):
        joint = _joint(items, index)
        if joint is None:
            found = _measure(items, index)
            if found is not None:
                made, index = found
                yield made
                since_break += 1
                continue
            if since_break >= 2 and _forgotten_break(items, index):
                here = items[index].start
                yield Item("break", ",", here, here)
                since_break = 0
            yield items[index]
            index, since_break = index + 1, since_break + 1
        else:
            last = items[joint - 1]
            text = text_of(items[index:joint])
            yield Item("break", text, items[index].start, last.end)
            index, since_break = joint, 0


def _measure(items: Sequence[Item], index: int) -> tuple[Item, int] | None:
    """A time, an amount or a degree."""
    if items[index].kind == "quote" or (
        items[index].kind == "mark" and items[index].text not in "+-@"
    ):
        return None
    if items[index].text == "in" and index and plain_verb(items[index - 1].text) == "fade":
        return None
    time, amount, degree = read_time(items, index), None, None
    if time is None:
        amount = read_amount(items, index)
    if time is None and amount is None:
        degree = read_degree(items, index)
    read = time or amount or degree
    if read is None:
        return None
    value, after = read
    kind = "time" if time else "amount" if amount else "degree"
    stretch = items[index:after]
    made = Item(kind, text_of(stretch), stretch[0].start, stretch[-1].end, value)  # type: ignore[arg-type]
    return made, after


def _joint(items: Sequence[Item], index: int) -> int | None:
    """Where a joint ends that begins here: a conjunction, a comma, the end of a sentence."""
    item = items[index]
    if item.kind == "mark" and _is_mark_joint(items, index):
        return index + 1
    end = first_of(items, index, _JOINTS)
    if not end:
        return None
    before = items[index - 1].text if index else ""
    after = items[end].text if end < len(items) else ""
    if item.text in ("and", "&", "n", "'n'") and f"{before} {after}" in _COMPOUNDS:
        return None
    if (item.text == "n" and before != "rock") or (item.text == "though" and before == "as"):
        return None
    if item.text == "but" and end == index + 1 and _belongs_to_everything(items, index):
        return None
    if item.text == "plus" and _measure(items, index):
        return None
    return end


def _is_mark_joint(items: Sequence[Item], index: int) -> bool:
    """Whether a mark parts: a comma, a full stop, a dash with spaces."""
    item = items[index]
    if item.text in ",;:!?()[]\u2026/|":
        return True
    if item.text == ".":
        return index + 1 == len(items) or items[index + 1].start > item.end
    apart = index > 0 and items[index - 1].end < item.start
    return item.text in "+-" and apart and _measure(items, index) is None


def _belongs_to_everything(items: Sequence[Item], index: int) -> bool:
    """Whether "but" goes with "everything": not so before a verb ("everything but keep …")."""
    near = {item.text for item in items[max(index - 2, 0) : index]}
    after = items[index + 1].text if index + 1 < len(items) else ""
    return bool(near & _BEFORE_BUT) and after not in ("keep", "leave", "not", "don't", "make")


def _forgotten_break(items: Sequence[Item], index: int) -> bool:
    """Whether a new clause begins without a comma ("remove the dog make the piano warmer")."""
    if items[index].text not in _STRONG or index + 1 >= len(items) or items[index].kind == "quote":
        return False
    before, after = items[index - 1], items[index + 1].text
    if before.text in _NO_BREAK_AFTER or before.kind == "mark" or plain_verb(before.text) in VERBS:
        return False
    return after in ("the", "my", "it", "them", "everything", "all", "up", "down")


def without_courtesy(items: Sequence[Item]) -> list[Item]:
    """The items without what only makes them polite, at both ends."""
    kept = list(items)
    changed = True
    while changed and kept:
        changed = False
        for said in _FIRST_OPENERS:
            end = starts_with(kept, 0, " ".join(said)) if said[0] == kept[0].text else 0
            if end and not first_of(kept, 0, _HEADS):
                kept, changed = kept[end:], True
                break
        for said in _LAST_CLOSERS:
            if kept and said[-1] == kept[-1].text and len(said) <= len(kept):
                start = len(kept) - len(said)
                if starts_with(kept, start, " ".join(said)):
                    kept, changed = kept[:start], True
                    break
    return kept


def read_head(items: Sequence[Item]) -> Head | None:
    """The verb at the beginning; None if there is none.

    Example:
        >>> from lass.edit.language.items import split_items
        >>> read_head(split_items("turning up the voice"))
        Head(does='up', verb='turn up', length=2)
    """
    if not items or items[0].kind not in ("word", "degree"):
        return None
    end = first_of(items, 0, _HEADS)
    if end and end < len(items):
        said = " ".join(item.text for item in items[:end])
        return Head(HEADS[said], said, end)
    texts = [item.text for item in items[:4]]
    verb = plain_verb(texts[0])
    for length in (4, 3, 2, 1):
        said = " ".join([verb, *texts[1:length]])
        if length <= len(texts) and said in PARTICLE_VERBS:
            if length == 1 and _is_left_alone(items):
                continue
            return Head(PARTICLE_VERBS[said], said, length)
    if verb in VERBS:
        return Head(VERBS[verb], verb, 1)
    return None


def _is_left_alone(items: Sequence[Item]) -> bool:
    """Whether a word such as "clean" or "dry" stands alone, or before no sound: no verb then."""
    adjective = items[0].text in (
        "dry",
        "clean",
        "dull",
        "mellow",
        "smooth",
        "crisp",
        "warm",
        "dirty",
    )
    if len(items) == 1:
        return adjective
    return adjective and items[1].kind == "word" and items[1].text not in (
        "the", "my", "it", "them", "this", "that", "these", "those", "everything", "up", "out",
        "our",
    )  # fmt: skip
