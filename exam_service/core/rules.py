"""ONE small language for every "may", "passes" and "is still missing": a rule over facts.

A rule is JSON in the course document, tagged by `rule`. `decide(rule, facts)` answers whether it is met and because of
what: a tree with each leaf's wanted and found value, which the API returns, the candidate reads as "still missing", and
reports count.

Facts are named: `exam.post.percent`, `exam.post.section.law.percent`, `exam.pre.taken`, `exam.post.passed`, and
whatever the learning system reports, under the course's own names.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Union

import msgspec

from exam_service.core.decisions import Because, Decision, Facts, Value, cured_at, number_of, phrases, say_missing
from exam_service.core.text import Text

__all__ = [
    "After", "All", "Any_", "AtLeast", "Because", "Before", "ByStanding", "Decision", "EachRater", "EveryIndicator",
    "FactAtLeast", "FactIs", "Facts", "IndicatorsAtLevel", "Passed", "Percent", "Rule", "Taken", "Value", "Within",
    "cured_at", "decide", "names", "say_missing",
]  # fmt: skip

Percentage = Annotated[float, msgspec.Meta(ge=0, le=100)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
FactPath = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_.-]{0,255}$(?!\n)")]


def decide(rule: "Rule", facts: Facts) -> Decision:
    """Whether the facts meet the rule, and why. An unknown fact counts as not met, never as an error."""
    because = rule.weigh(facts)
    return Decision(met=because.met, because=because)


def names(rule: "Rule") -> Iterator[str]:
    """Every fact the rule asks for, so that publishing can refuse one nobody reports."""
    yield from rule.asks()


_NOTHING = Text(en="nothing so far", th="ยังไม่มีข้อมูล")
_NEVER = Text(en="this cannot be fulfilled", th="ไม่มีทางทำให้ครบเงื่อนไขข้อนี้")
_PLAIN = Text(en="{found} so far", th="ขณะนี้ {found}")
_PERCENT = Text(en="{found} % so far", th="ขณะนี้ร้อยละ {found}")
_QUOTED = Text(en="“{found}” so far", th="ขณะนี้คือ “{found}”")


class _Rule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="rule", omit_defaults=True
):
    def weigh(self, facts: Facts) -> Because:
        raise TypeError("a rule says how it is weighed")

    def asks(self) -> Iterator[str]:
        yield from ()

    def _leaf(
        self, facts: Facts, name: str, met: bool, wanted: Value, en: str, th: str, unit: Text = _PLAIN
    ) -> Because:
        """`{so_far}` is what was found, in the words of `unit`."""
        found = facts.get(name)
        so_far = _NOTHING if found is None else unit.fill({"found": found})
        # As `retry_at`, a time is named that is not too early.
        words = {"it": facts.label(name), "wanted": wanted, "retry_at": wanted, "so_far": so_far}
        return Because(
            rule=str(self.__struct_config__.tag), met=met, fact=name, wanted=wanted, found=found,
            sentence=Text(en=en, th=th).fill(words),
        )  # fmt: skip


# Combining


class _Parts(_Rule, frozen=True, kw_only=True):
    of: tuple["Rule", ...]

    def asks(self) -> Iterator[str]:
        for part in self.of:
            yield from part.asks()


class _OnFact(_Rule, frozen=True, kw_only=True):
    fact: FactPath

    def asks(self) -> Iterator[str]:
        yield self.fact


class _OnMarks(_Rule, frozen=True, kw_only=True):
    of: FactPath

    def asks(self) -> Iterator[str]:
        yield self.of


class All(_Parts, frozen=True, kw_only=True, tag="all"):
    """Every part is met; of nothing, met."""

    def weigh(self, facts: Facts) -> Because:
        parts = tuple(part.weigh(facts) for part in self.of)
        return Because(rule="all", met=all(p.met for p in parts), of=parts, sentence=_join(parts, " และ", "; "))


class Any_(_Parts, frozen=True, kw_only=True, tag="any"):  # noqa: N801  (`Any` is of typing)
    """At least one part is met; of nothing, never: the way to close something to a standing."""

    def weigh(self, facts: Facts) -> Because:
        parts = tuple(part.weigh(facts) for part in self.of)
        sentence = _join(parts, " หรือ", " or ") if parts else _NEVER
        return Because(rule="any", met=any(p.met for p in parts), of=parts, sentence=sentence)


class AtLeast(_Parts, frozen=True, kw_only=True, tag="at_least"):
    """At least `n` parts are met, as in "3 of the last 5 years"."""

    n: Count

    def __post_init__(self) -> None:
        if self.n > len(self.of):
            raise ValueError(f"`n` is {self.n}, but there are only {len(self.of)} parts")

    def weigh(self, facts: Facts) -> Because:
        parts = tuple(part.weigh(facts) for part in self.of)
        count = sum(p.met for p in parts)
        words = {"n": self.n, "all": len(parts), "count": count, "parts": _join(parts, " / ", " / ")}
        sentence = Text(
            en="at least {n} of these {all} ({count} so far): {parts}",
            th="อย่างน้อย {n} ใน {all} ข้อต่อไปนี้ (ขณะนี้ {count} ข้อ): {parts}",
        )
        return Because(
            rule="at_least", met=count >= self.n, wanted=self.n, found=count, of=parts, sentence=sentence.fill(words)
        )


class ByStanding(_Rule, frozen=True, kw_only=True, tag="by_standing"):
    """The rule for the candidate's target standing; `otherwise` when it is not named."""

    choose: dict[str, "Rule"]
    otherwise: "Rule"

    def weigh(self, facts: Facts) -> Because:
        rule = self.choose.get(facts.standing or "", self.otherwise)
        inner = rule.weigh(facts)
        return Because(rule="by_standing", met=inner.met, found=facts.standing, of=(inner,), sentence=inner.sentence)

    def asks(self) -> Iterator[str]:
        for rule in (*self.choose.values(), self.otherwise):
            yield from rule.asks()


# Exams


class Percent(_Rule, frozen=True, kw_only=True, tag="percent"):
    """The exam's counted score, or one section of it, is at least so many percent."""

    exam: str
    at_least: Percentage
    section: str | None = None

    def weigh(self, facts: Facts) -> Because:
        (name,) = self.asks()
        return self._leaf(
            facts, name, number_of(facts.get(name)) >= self.at_least, self.at_least,
            "{it}: at least {wanted} % ({so_far})", "{it}: ต้องได้อย่างน้อยร้อยละ {wanted} ({so_far})", _PERCENT,
        )  # fmt: skip

    def asks(self) -> Iterator[str]:
        yield (
            f"exam.{self.exam}.percent" if self.section is None else f"exam.{self.exam}.section.{self.section}.percent"
        )


class Taken(_Rule, frozen=True, kw_only=True, tag="taken"):
    """The exam has been taken: an attempt at it has ended."""

    exam: str

    def weigh(self, facts: Facts) -> Because:
        (name,) = self.asks()
        return self._leaf(facts, name, facts.get(name) is True, True, "take “{it}”", "ทำ “{it}”")

    def asks(self) -> Iterator[str]:
        yield f"exam.{self.exam}.taken"


class Passed(_Rule, frozen=True, kw_only=True, tag="passed"):
    """The exam's own pass rule is met by its counted score."""

    exam: str

    def weigh(self, facts: Facts) -> Because:
        (name,) = self.asks()
        return self._leaf(facts, name, facts.get(name) is True, True, "pass “{it}”", "สอบ “{it}” ให้ผ่าน")

    def asks(self) -> Iterator[str]:
        yield f"exam.{self.exam}.passed"


# Reported facts


class FactIs(_OnFact, frozen=True, kw_only=True, tag="fact"):
    """A reported fact is true, or equals the value given."""

    equals: bool | int | float | str = True

    def weigh(self, facts: Facts) -> Because:
        found = facts.get(self.fact)
        # 80 and 80.0 are the same number, but 1 is not true.
        alike = isinstance(found, bool) is isinstance(self.equals, bool) and found == self.equals
        if self.equals is True:
            return self._leaf(facts, self.fact, alike, True, "{it}", "{it}")
        return self._leaf(
            facts, self.fact, alike, self.equals,
            "{it}: must be “{wanted}” ({so_far})", "{it}: ต้องเป็น “{wanted}” ({so_far})", _QUOTED,
        )  # fmt: skip


class FactAtLeast(_OnFact, frozen=True, kw_only=True, tag="fact_at_least"):
    """A reported number, such as attendance in percent, is at least so much."""

    at_least: float

    def weigh(self, facts: Facts) -> Because:
        return self._leaf(
            facts, self.fact, number_of(facts.get(self.fact)) >= self.at_least, self.at_least,
            "{it}: at least {wanted} ({so_far})", "{it}: ต้องไม่น้อยกว่า {wanted} ({so_far})",
        )  # fmt: skip


class EveryIndicator(_OnMarks, frozen=True, kw_only=True, tag="every_indicator"):
    """Every indicator of a dimension reaches the level."""

    at_least: float

    def weigh(self, facts: Facts) -> Because:
        levels = _numbers(facts.get(self.of))
        return self._leaf(
            facts, self.of, bool(levels) and all(level >= self.at_least for level in levels), self.at_least,
            "{it}: every indicator at least level {wanted}", "{it}: ทุกตัวชี้วัดต้องไม่ต่ำกว่าระดับ {wanted}",
        )  # fmt: skip


class IndicatorsAtLevel(_Rule, frozen=True, kw_only=True, tag="indicators_at_level"):
    """At least `count` indicators, counted over several dimensions together, reach the level."""

    of: tuple[FactPath, ...]
    level: float
    count: Count

    def weigh(self, facts: Facts) -> Because:
        found = sum(level >= self.level for name in self.of for level in _numbers(facts.get(name)))
        where = _join_texts([facts.label(name) for name in self.of])
        words = {"where": where, "level": self.level, "count": self.count, "found": found}
        sentence = Text(
            en="{where}: level {level} or higher in at least {count} indicators ({found} so far)",
            th="{where}: ต้องได้ระดับ {level} ขึ้นไปอย่างน้อย {count} ตัวชี้วัด (ขณะนี้ {found} ตัวชี้วัด)",
        )
        return Because(
            rule="indicators_at_level",
            met=found >= self.count,
            wanted=self.count,
            found=found,
            sentence=sentence.fill(words),
        )

    def asks(self) -> Iterator[str]:
        yield from self.of


class EachRater(_OnMarks, frozen=True, kw_only=True, tag="each_rater"):
    """Each rater's mark, in percent, is at least so much; no rater yet means not met."""

    at_least: Percentage

    def weigh(self, facts: Facts) -> Because:
        marks = _numbers(facts.get(self.of))
        return self._leaf(
            facts, self.of, bool(marks) and all(mark >= self.at_least for mark in marks), self.at_least,
            "{it}: at least {wanted} % from each rater", "{it}: กรรมการแต่ละคนต้องให้ไม่น้อยกว่าร้อยละ {wanted}",
        )  # fmt: skip


# Time. `now` is a fact like any other, put there by who asks.


class Before(_OnFact, frozen=True, kw_only=True, tag="before"):
    than: Moment

    def weigh(self, facts: Facts) -> Because:
        found = _moment(facts.get(self.fact))
        met = found is not None and found < self.than
        return self._leaf(facts, self.fact, met, self.than, "{it}: before {wanted}", "{it}: ต้องก่อนวันที่ {wanted}")


class After(_OnFact, frozen=True, kw_only=True, tag="after"):
    """At or after a moment."""

    than: Moment

    def weigh(self, facts: Facts) -> Because:
        found = _moment(facts.get(self.fact))
        met = found is not None and found >= self.than
        return self._leaf(
            facts, self.fact, met, self.than, "{it}: from {retry_at} on", "{it}: ต้องตั้งแต่วันที่ {retry_at} เป็นต้นไป"
        )


class Within(_OnFact, frozen=True, kw_only=True, tag="within"):
    """A moment lies at most so many days before `now`, and not in the future."""

    days: Annotated[int, msgspec.Meta(ge=1, le=36_600)]

    def weigh(self, facts: Facts) -> Because:
        found, now = _moment(facts.get(self.fact)), _moment(facts.get("now"))
        met = found is not None and now is not None and timedelta() <= now - found <= timedelta(days=self.days)
        return self._leaf(
            facts,
            self.fact,
            met,
            self.days,
            "{it}: within the last {wanted} days",
            "{it}: ต้องอยู่ภายใน {wanted} วันที่ผ่านมา",
        )


Rule = Union[  # noqa: UP007  (a string annotation inside the Structs above must find a plain Union)
    All, Any_, AtLeast, ByStanding, Percent, Taken, Passed, FactIs, FactAtLeast,
    EveryIndicator, IndicatorsAtLevel, EachRater, Before, After, Within,
]  # fmt: skip


def _moment(value: Value) -> datetime | None:
    """A time without its zone is no moment."""
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(number_of(v) for v in value) if isinstance(value, tuple | list) else ()


def _join(parts: tuple[Because, ...], thai: str, english: str) -> Text:
    return Text(
        th=thai.join(phrases(parts, "th")) or "-",
        en=english.join(phrases(parts, "en")) or "-",
    )


def _join_texts(texts: list[Text]) -> Text:
    return Text(th=", ".join(t.within("th") for t in texts) or "-", en=", ".join(t.within("en") for t in texts) or "-")
