from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.core.certificates import cbor

keys = st.integers(-(2**63), 2**63) | st.text(max_size=6) | st.binary(max_size=6)
leaves = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=40) | st.binary(max_size=40)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(values)
def test_the_encoding_is_the_one_that_cbor2_calls_canonical(value: Any) -> None:
    # cbor2 sorts keys by length first, as RFC 7049 did; RFC 8949 sorts by the bytes. Single-key maps agree.
    if not _has_several_keys(value):
        assert cbor.encode(value) == cbor2.dumps(value, canonical=True)
    assert cbor2.loads(cbor.encode(value)) == value


@given(values)
def test_a_value_comes_back(value: Any) -> None:
    if depth(value) < cbor.MAX_DEPTH:
        assert cbor.decode(cbor.encode(value)) == value


def depth(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return 1 + max(map(depth, inner), default=0)


@given(st.binary(max_size=60))
def test_what_is_accepted_is_written_the_same_way_again(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except ValueError:
        return
    assert cbor.encode(value) == data


@pytest.mark.parametrize(
    "data, what",
    [
        ("", "ends at byte 0"),
        ("1817", "shortest form"),
        ("190017", "shortest form"),
        ("1bffffffff", "in the middle of an item"),
        ("0000", "1 bytes follow"),
        ("420a", "runs over the end"),
        ("61ff", "not UTF-8"),
        ("5f4101ff", "not used here"),
        ("9f01ff", "not used here"),
        ("f93c00", "not used here"),
        ("f7", "not used here"),
        ("a202010102", "not sorted"),
        ("a201010102", "not sorted or are repeated"),
        ("a1f501", "no number or string"),
        ("81" * 9 + "00", "nested too deeply"),
        ("9affffffff", "too many items"),
        ("baffffffff", "too many items"),
    ],
)
def test_other_forms_are_refused_with_their_place(data: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        cbor.decode(bytes.fromhex(data))


def test_numbers_without_a_form_here_are_refused() -> None:
    for value in (1.5, 2**64, object()):
        with pytest.raises(TypeError):
            cbor.encode(value)


def _has_several_keys(value: Any) -> bool:
    if isinstance(value, dict):
        return len(value) > 1 or any(map(_has_several_keys, value.values()))
    return isinstance(value, list) and any(map(_has_several_keys, value))
