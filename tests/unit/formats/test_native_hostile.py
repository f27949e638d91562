"""Banks that mean harm, or are no banks: refused quickly, and with a reason."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_service.adapters.formats import native
from exam_service.core import errors
from tests.support.banks import YAML, as_json, read, refused, where


def test_more_than_20_megabytes_are_refused_unread() -> None:
    with pytest.raises(errors.TooLarge):
        native.read_bank(b"x" * (native.LIMIT + 1), "bank.json")


def test_anchors_and_aliases_are_refused_each_with_its_line() -> None:
    assert where("a: &x [1]\nb: *x\nc: *x\n") == [("yaml-anchor", n, None) for n in (1, 2, 3)]


def test_an_alias_bomb_costs_nothing() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    begun = time.monotonic()
    assert {fault.code for fault in refused(bomb)} == {"yaml-anchor"}
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [x]", "!custom x", "!!str x", "!!binary aGk="])
def test_tags_are_refused(tag: str) -> None:
    assert ("yaml-tag", 3, None) in where(YAML.replace("code: sample", f"code: {tag}"))


def test_several_documents_are_refused() -> None:
    assert where(YAML + "---\nmore: x\n") == [("several-documents", 28, None)]


def test_a_name_that_is_no_word_is_refused() -> None:
    assert where("a: b\n? [x]\n: c\n") == [("bad-key", 2, None)]


@pytest.mark.parametrize(
    "text, name",
    [
        ("[" * 60 + "]" * 60, "a.json"),
        ("[" * 100_000 + "]" * 100_000, "a.json"),
        ('{"a":' * 60 + "1" + "}" * 60, "a.json"),
        ("[" * 60 + "]" * 60, "a.yaml"),
        ("- " * 60 + "x", "a.yaml"),
        ("a = " + "[" * 60 + "]" * 60, "a.toml"),
        ("a = " + "[" * 20_000 + "]" * 20_000, "a.toml"),
        ("a." * 60 + "b = 1", "a.toml"),
    ],
    ids=lambda value: value[:20],
)
def test_deep_nesting_is_refused(text: str, name: str) -> None:
    assert [fault.code for fault in refused(text, name)] == ["too-deep"]


def test_fifty_levels_are_allowed() -> None:
    for name in ("a.json", "a.yaml"):
        assert "too-deep" not in {fault.code for fault in refused("[" * 50 + "]" * 50, name)}


def test_millions_of_empty_values_are_refused_quickly() -> None:
    begun = time.monotonic()
    assert [f.code for f in refused("[" + "[]," * 6_000_000 + "0]", "a.json")] == ["too-many-values"]
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "9" * 5000])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    assert [f.code for f in refused('{"code": ' + number + "}", "a.json")] == ["bad-number"]


def test_half_a_character_is_refused() -> None:
    text = as_json().replace("Sample", "\\ud800")
    assert [fault.code for fault in refused(text, "bank.json")] == ["bad-text"]
    assert read(as_json().replace("Sample", "\\ud83d\\ude00"), "bank.json").title.en == "😀"


def test_a_thousand_faults_are_listed_and_the_rest_counted() -> None:
    with pytest.raises(errors.Invalid) as caught:
        read(YAML.split("questions:", maxsplit=1)[0] + "questions:\n" + "  - {}\n" * 1500)
    assert caught.value.facts["count"] == 1500
    assert len(caught.value.faults) == native.SHOWN + 1
    assert caught.value.faults[-1].message.en == "and 500 more"


@given(st.binary(max_size=200), st.sampled_from(["a.yaml", "a.json", "a.toml"]))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    with pytest.raises(errors.Invalid):
        native.read_bank(content, name)


@given(st.integers(0, len(YAML)), st.integers(0, 40), st.text(max_size=5))
@settings(deadline=None, max_examples=200)
def test_a_damaged_bank_is_read_or_refused_with_its_file(at: int, cut: int, put: str) -> None:
    damaged = YAML[:at] + put + YAML[at + cut :]
    for text, name in ((damaged, "a.yaml"), (damaged.replace(": ", " = "), "a.toml")):
        try:
            native.read_bank(text.encode("utf-8", "surrogatepass"), name)
        except errors.Invalid as refusal:
            nameless = [fault for fault in refusal.faults if fault.file != name]
        else:
            nameless = []
        assert nameless == []
