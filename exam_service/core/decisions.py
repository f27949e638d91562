"""What is decided and why: the facts that a rule is weighed with, and the tree of reasons that comes out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from exam_service.core.text import Text

Value = bool | int | float | str | datetime | tuple[float, ...] | None


class Facts(msgspec.Struct, frozen=True):
    """What is known of one person in one course, with the words for it."""

    values: Mapping[str, Value]
    labels: Mapping[str, Text] = {}
    standing: str | None = None

    def get(self, name: str) -> Value:
        return self.values.get(name)

    def label(self, name: str) -> Text:
        return self.labels.get(name) or Text(en=name)


class Because(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a rule is met or not: what it wanted, what was found, and the same for its parts."""

    rule: str
    met: bool
    sentence: Text
    fact: str | None = None
    wanted: Value = None
    found: Value = None
    of: tuple["Because", ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    met: bool
    because: Because

    @property
    def missing(self) -> tuple[Because, ...]:
        """The unmet leaves, in the order of the rule: what is still to be done."""
        return tuple(_unmet(self.because))


def say_missing(decision: Decision) -> Text:
    """One sentence of what is still missing, in Thai and English."""
    parts = decision.missing
    return Text(th=" และ".join(phrases(parts, "th")) or "-", en="; ".join(phrases(parts, "en")) or "-")


def phrases(parts: Sequence[Because], language: str) -> list[str]:
    """Their sentences, ready to be joined: one that itself joins others stands in brackets."""
    sentences = [part.sentence.within(language) for part in parts]
    if len(parts) == 1:
        return sentences
    return [f"({s})" if _joins(part) else s for part, s in zip(parts, sentences, strict=True)]


def _joins(node: Because) -> bool:
    if node.rule == "at_least" or len(node.of) > 1:
        return True
    return bool(node.of) and _joins(node.of[0])


def cured_at(decision: Decision) -> datetime | None:
    """When waiting alone meets the rule; None when it does not, or when it is met already."""
    return None if decision.met else _cure(decision.because)


def _cure(node: Because) -> datetime | None:
    """None when time alone does not help. A part that is met is taken to stay so."""
    if node.rule == "after" and node.fact == "now" and isinstance(node.wanted, datetime):
        return node.wanted
    lacking = [part for part in node.of if not part.met]
    cures = sorted(moment for moment in map(_cure, lacking) if moment is not None)
    wanted = {"any": 1, "at_least": number_of(node.wanted) - len(node.of) + len(lacking)}.get(node.rule, len(lacking))
    return cures[int(wanted) - 1] if 0 < wanted <= len(cures) else None


def _unmet(node: Because) -> Iterator[Because]:
    if node.met:
        return
    if not node.of or node.rule in ("any", "at_least"):
        yield node
        return
    for part in node.of:
        yield from _unmet(part)


def number_of(value: Value) -> float:
    """Whole numbers stay as they are: one of 400 digits is no float, but compares like any other."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else float("-inf")
