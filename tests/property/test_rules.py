"""The laws of the rule language, over rules and facts made by hypothesis."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.core.decisions import Value
from exam_service.core.documents import read
from exam_service.core.rules import (
    After,
    All,
    Any_,
    AtLeast,
    Before,
    ByStanding,
    EachRater,
    EveryIndicator,
    FactAtLeast,
    FactIs,
    Facts,
    IndicatorsAtLevel,
    Passed,
    Percent,
    Rule,
    Taken,
    Within,
    cured_at,
    decide,
    names,
    say_missing,
)

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NUMBERS = ["hours", "exam.a.percent", "exam.b.percent", "exam.a.section.law.percent"]
FLAGS = ["learned", "exam.a.taken", "exam.b.passed"]
LISTS = ["dim1", "dim2"]
MOMENTS = ["now", "trained"]
MOMENT = st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
LEVEL = st.integers(0, 5).map(float)

GROWING = st.one_of(
    st.builds(Percent, exam=st.sampled_from("ab"), at_least=st.integers(0, 100).map(float)),
    st.builds(Percent, exam=st.just("a"), section=st.just("law"), at_least=st.integers(0, 100).map(float)),
    st.builds(Taken, exam=st.just("a")),
    st.builds(Passed, exam=st.just("b")),
    st.builds(FactIs, fact=st.just("learned")),
    st.builds(FactAtLeast, fact=st.just("hours"), at_least=st.integers(0, 100).map(float)),
    st.builds(EveryIndicator, of=st.sampled_from(LISTS), at_least=LEVEL),
    st.builds(IndicatorsAtLevel, of=st.just(tuple(LISTS)), level=LEVEL, count=st.integers(1, 4)),
    st.builds(EachRater, of=st.sampled_from(LISTS), at_least=LEVEL),
    st.builds(After, fact=st.sampled_from(MOMENTS), than=MOMENT),
)
"""Leaves that better facts never unmake."""

OTHER = st.one_of(
    st.builds(FactIs, fact=st.sampled_from(FLAGS), equals=st.booleans()),
    st.builds(FactIs, fact=st.sampled_from(NUMBERS), equals=st.integers(0, 3)),
    st.builds(Before, fact=st.sampled_from(MOMENTS), than=MOMENT),
    st.builds(Within, fact=st.just("trained"), days=st.integers(1, 5)),
)


def at_least(parts: tuple[Rule, ...], n: int) -> Rule:
    return AtLeast(n=1 + n % len(parts), of=parts) if parts else All(of=())


def rules_of(leaves: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(All, of=st.lists(inner, max_size=3).map(tuple)),
            st.builds(Any_, of=st.lists(inner, max_size=3).map(tuple)),
            st.builds(at_least, st.lists(inner, max_size=4).map(tuple), st.integers(0, 3)),
            st.builds(
                ByStanding, choose=st.dictionaries(st.sampled_from(["expert", "senior"]), inner), otherwise=inner
            ),
        ),
        max_leaves=12,
    )


RULES = rules_of(st.one_of(GROWING, OTHER))
VALUES = st.fixed_dictionaries(
    {},
    optional={name: st.integers(0, 100) | st.floats(0, 100) for name in NUMBERS}
    | {name: st.booleans() for name in FLAGS}
    | {name: st.lists(LEVEL, max_size=4).map(tuple) for name in LISTS}
    | dict.fromkeys(MOMENTS, MOMENT),
)
ANY_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.datetimes() | MOMENT
STANDING = st.sampled_from([None, "expert", "senior", "other"])
FACTS = st.builds(Facts, VALUES, st.just({}), STANDING)
LAWS = settings(max_examples=150, deadline=None)


@LAWS
@given(st.lists(RULES, max_size=4).map(tuple), FACTS)
def test_all_any_and_at_least_count(parts: tuple[Rule, ...], facts: Facts) -> None:
    met = [decide(part, facts).met for part in parts]
    assert decide(All(of=parts), facts).met is all(met)
    assert decide(Any_(of=parts), facts).met is any(met)
    for n in range(1, len(parts) + 1):
        assert decide(AtLeast(n=n, of=parts), facts).met is (sum(met) >= n)
    if parts:
        assert decide(AtLeast(n=1, of=parts), facts).met is decide(Any_(of=parts), facts).met
        assert decide(AtLeast(n=len(parts), of=parts), facts).met is decide(All(of=parts), facts).met


@LAWS
@given(RULES, RULES, FACTS)
def test_by_standing_is_the_rule_chosen(one: Rule, other: Rule, facts: Facts) -> None:
    chosen = decide(ByStanding(choose={"expert": one}, otherwise=other), facts)
    assert chosen.met is decide(one if facts.standing == "expert" else other, facts).met


@LAWS
@given(RULES, st.dictionaries(st.sampled_from(NUMBERS + FLAGS + LISTS + MOMENTS), ANY_VALUE), STANDING)
def test_any_facts_are_weighed(rule: Rule, values: dict[str, Value], standing: str | None) -> None:
    """Facts of the wrong type are not met; they never are an error."""
    decision = decide(rule, Facts(values, {}, standing))
    assert decision.met is decision.because.met
    assert decision.met is (not decision.missing)
    assert all(not leaf.met for leaf in decision.missing)
    said = say_missing(decision)
    assert said.th
    assert said.en


@LAWS
@given(RULES, FACTS)
def test_only_the_facts_asked_for_matter(rule: Rule, facts: Facts) -> None:
    asked = set(names(rule)) | {"now"}
    less = Facts({name: value for name, value in facts.values.items() if name in asked}, {}, facts.standing)
    assert decide(rule, less) == decide(rule, facts)


@LAWS
@given(rules_of(GROWING), VALUES, VALUES, STANDING)
def test_better_facts_never_unmake_what_is_met(
    rule: Rule, one: dict[str, Value], other: dict[str, Value], standing: str | None
) -> None:
    better = {name: _better(one.get(name), other.get(name)) for name in one | other}
    if decide(rule, Facts(one, {}, standing)).met:
        assert decide(rule, Facts(better, {}, standing)).met


def _better(one: Value, other: Value) -> Value:
    if isinstance(one, tuple) and isinstance(other, tuple):
        # As many indicators as there were, each at its better level.
        return tuple(max(level, b) for level, b in zip(one, (*other, *[0.0] * len(one)), strict=False)) or other
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


@LAWS
@given(RULES, FACTS)
def test_waiting_until_then_helps(rule: Rule, facts: Facts) -> None:
    """With rules that time only ever brings nearer, the moment said is the first at which the rule is met."""
    asked = set(names(rule))
    until = cured_at(decide(rule, facts))
    if until is None or "trained" in asked:
        return
    later = decide(rule, Facts({**facts.values, "now": until}, {}, facts.standing))
    has_before = b'"before"' in msgspec.json.encode(rule)
    assert later.met or has_before


@LAWS
@given(RULES)
def test_a_rule_survives_json(rule: Rule) -> None:
    raw = msgspec.json.decode(msgspec.json.encode(rule))
    assert msgspec.convert(raw, Rule) == rule
    kind: Any = Rule
    assert read(raw, kind) == (rule, [])
