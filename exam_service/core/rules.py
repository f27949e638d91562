"""ONE small language for every "may", "passes" and "is still missing": a rule over facts.

A rule is JSON in the course document, tagged by `rule`. `decide(rule, facts)` answers whether it is met and because of what: a tree
with each leaf's wanted and found value, which the API returns, the candidate reads as "still missing", and reports count.

Facts are named: `exam.post.percent`, `exam.post.section.law.percent`, `exam.pre.taken`, `exam.post.passed`, and whatever the
learning system reports, under the course's own names.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Union

import msgspec

from exam_service.core.text import Text

Value = bool | int | float | str | datetime | tuple[float, ...] | None
Percentage = Annotated[float, msgspec.Meta(ge=0, le=100)]
Count = Annotated[int, msgspec.Meta(ge=1)]


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


def decide(rule: "Rule", facts: Facts) -> Decision:
    """Whether the facts meet the rule, and why. An unknown fact counts as not met, never as an error."""
    because = rule.weigh(facts)
    return Decision(met=because.met, because=because)


def names(rule: "Rule") -> Iterator[str]:
    """Every fact the rule asks for, so that publishing can refuse one nobody reports."""
    yield from rule.asks()


def say_missing(decision: Decision) -> Text:
    """One sentence of what is still missing, in Thai and English."""
    parts = [leaf.sentence for leaf in decision.missing]
    return Text(
        th=" และ".join(p.within("th") for p in parts) or "-", en="; ".join(p.within("en") for p in parts) or "-"
    )


def _unmet(node: Because) -> Iterator[Because]:
    if node.met:
        return
    if not node.of or node.rule in ("any", "at_least"):
        yield node
        return
    for part in node.of:
        yield from _unmet(part)


class _Rule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="rule", omit_defaults=True
):
    def weigh(self, facts: Facts) -> Because:
        raise TypeError("a rule says how it is weighed")

    def asks(self) -> Iterator[str]:
        yield from ()

    def _leaf(self, facts: Facts, name: str, met: bool, wanted: Value, en: str, th: str, **more: object) -> Because:
        found = facts.get(name)
        nothing = Text(th="ยังไม่มี", en="nothing yet")
        words = {"it": facts.label(name), "wanted": wanted, "found": nothing if found is None else found, **more}
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


class All(_Parts, frozen=True, kw_only=True, tag="all"):
    """Every part is met; of nothing, met."""

    def weigh(self, facts: Facts) -> Because:
        parts = tuple(part.weigh(facts) for part in self.of)
        return Because(rule="all", met=all(p.met for p in parts), of=parts, sentence=_join(parts, " และ", "; "))


class Any_(_Parts, frozen=True, kw_only=True, tag="any"):
    """At least one part is met."""

    def weigh(self, facts: Facts) -> Because:
        parts = tuple(part.weigh(facts) for part in self.of)
        return Because(rule="any", met=any(p.met for p in parts), of=parts, sentence=_join(parts, " หรือ ", " or "))


class AtLeast(_Parts, frozen=True, kw_only=True, tag="at_least"):
    """At least `n` parts are met, as in "3 of the last 5 years"."""

    n: Count

    def weigh(self, facts: Facts) -> Because:
        parts = tuple(part.weigh(facts) for part in self.of)
        count = sum(p.met for p in parts)
        words = {"n": self.n, "all": len(parts), "count": count, "parts": _join(parts, " / ", " / ")}
        sentence = Text(
            en="at least {n} of {all}, {count} so far: {parts}", th="อย่างน้อย {n} ใน {all} ข้อ ได้แล้ว {count}: {parts}"
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
            facts, name, _number(facts.get(name)) >= self.at_least, self.at_least,
            "{it}: at least {wanted} %, found {found}", "{it}: ต้องได้อย่างน้อยร้อยละ {wanted} (ขณะนี้ {found})",
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
        return self._leaf(facts, name, facts.get(name) is True, True, "take {it}", "ทำ{it}")

    def asks(self) -> Iterator[str]:
        yield f"exam.{self.exam}.taken"


class Passed(_Rule, frozen=True, kw_only=True, tag="passed"):
    """The exam's own pass rule is met by its counted score."""

    exam: str

    def weigh(self, facts: Facts) -> Because:
        (name,) = self.asks()
        return self._leaf(facts, name, facts.get(name) is True, True, "pass {it}", "สอบ{it}ให้ผ่าน")

    def asks(self) -> Iterator[str]:
        yield f"exam.{self.exam}.passed"


# Reported facts


class FactIs(_Rule, frozen=True, kw_only=True, tag="fact"):
    """A reported fact is true, or equals the value given."""

    fact: str
    equals: bool | int | float | str = True

    def weigh(self, facts: Facts) -> Because:
        found = facts.get(self.fact)
        met = type(found) is type(self.equals) and found == self.equals
        if self.equals is True:
            return self._leaf(facts, self.fact, met, True, "{it}", "{it}")
        return self._leaf(
            facts,
            self.fact,
            met,
            self.equals,
            "{it}: {wanted} is wanted, found {found}",
            "{it}: ต้องเป็น {wanted} (ขณะนี้ {found})",
        )

    def asks(self) -> Iterator[str]:
        yield self.fact


class FactAtLeast(_Rule, frozen=True, kw_only=True, tag="fact_at_least"):
    """A reported number, such as attendance in percent, is at least so much."""

    fact: str
    at_least: float

    def weigh(self, facts: Facts) -> Because:
        return self._leaf(
            facts, self.fact, _number(facts.get(self.fact)) >= self.at_least, self.at_least,
            "{it}: at least {wanted}, found {found}", "{it}: ต้องไม่น้อยกว่า {wanted} (ขณะนี้ {found})",
        )  # fmt: skip

    def asks(self) -> Iterator[str]:
        yield self.fact


class EveryIndicator(_Rule, frozen=True, kw_only=True, tag="every_indicator"):
    """Every indicator of a dimension reaches the level."""

    of: str
    at_least: float

    def weigh(self, facts: Facts) -> Because:
        levels = _numbers(facts.get(self.of))
        return self._leaf(
            facts, self.of, bool(levels) and min(levels) >= self.at_least, self.at_least,
            "{it}: every indicator at least level {wanted}", "{it}: ทุกตัวชี้วัดต้องไม่ต่ำกว่าระดับ {wanted}",
        )  # fmt: skip

    def asks(self) -> Iterator[str]:
        yield self.of


class IndicatorsAtLevel(_Rule, frozen=True, kw_only=True, tag="indicators_at_level"):
    """At least `count` indicators, counted over several dimensions together, reach the level."""

    of: tuple[str, ...]
    level: float
    count: Count

    def weigh(self, facts: Facts) -> Because:
        found = sum(level >= self.level for name in self.of for level in _numbers(facts.get(name)))
        where = _join_texts([facts.label(name) for name in self.of])
        words = {"where": where, "level": self.level, "count": self.count, "found": found}
        sentence = Text(
            en="{where}: level {level} in at least {count} indicators, found {found}",
            th="{where}: ระดับ {level} ขึ้นไปอย่างน้อย {count} ตัวชี้วัด (ขณะนี้ {found})",
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


class EachRater(_Rule, frozen=True, kw_only=True, tag="each_rater"):
    """Each rater's mark, in percent, is at least so much; no rater yet means not met."""

    of: str
    at_least: Percentage

    def weigh(self, facts: Facts) -> Because:
        marks = _numbers(facts.get(self.of))
        return self._leaf(
            facts, self.of, bool(marks) and min(marks) >= self.at_least, self.at_least,
            "{it}: at least {wanted} % from each rater", "{it}: กรรมการแต่ละคนต้องให้ไม่น้อยกว่าร้อยละ {wanted}",
        )  # fmt: skip

    def asks(self) -> Iterator[str]:
        yield self.of


# Time. `now` is a fact like any other, put there by who asks.


class Before(_Rule, frozen=True, kw_only=True, tag="before"):
    fact: str
    than: datetime

    def weigh(self, facts: Facts) -> Because:
        found = facts.get(self.fact)
        met = isinstance(found, datetime) and found < self.than
        return self._leaf(facts, self.fact, met, self.than, "{it}: before {wanted}", "{it}: ก่อน {wanted}")

    def asks(self) -> Iterator[str]:
        yield self.fact


class After(_Rule, frozen=True, kw_only=True, tag="after"):
    """At or after a moment."""

    fact: str
    than: datetime

    def weigh(self, facts: Facts) -> Because:
        found = facts.get(self.fact)
        met = isinstance(found, datetime) and found >= self.than
        return self._leaf(facts, self.fact, met, self.than, "{it}: from {wanted} on", "{it}: ตั้งแต่ {wanted}")

    def asks(self) -> Iterator[str]:
        yield self.fact


class Within(_Rule, frozen=True, kw_only=True, tag="within"):
    """A moment lies at most so many days before `now`, and not in the future."""

    fact: str
    days: Count

    def weigh(self, facts: Facts) -> Because:
        found, now = facts.get(self.fact), facts.get("now")
        met = (
            isinstance(found, datetime)
            and isinstance(now, datetime)
            and timedelta() <= now - found <= timedelta(days=self.days)
        )
        return self._leaf(facts, self.fact, met, self.days, "{it}: within {wanted} days", "{it}: ภายใน {wanted} วัน")

    def asks(self) -> Iterator[str]:
        yield self.fact


Rule = Union[  # noqa: UP007  (a string annotation inside the Structs above must find a plain Union)
    All, Any_, AtLeast, ByStanding, Percent, Taken, Passed, FactIs, FactAtLeast,
    EveryIndicator, IndicatorsAtLevel, EachRater, Before, After, Within,
]  # fmt: skip


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("-inf")


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(_number(v) for v in value) if isinstance(value, tuple | list) else ()


def _join(parts: tuple[Because, ...], thai: str, english: str) -> Text:
    return Text(
        th=thai.join(p.sentence.within("th") for p in parts) or "-",
        en=english.join(p.sentence.within("en") for p in parts) or "-",
    )


def _join_texts(texts: list[Text]) -> Text:
    return Text(th=", ".join(t.within("th") for t in texts) or "-", en=", ".join(t.within("en") for t in texts) or "-")
