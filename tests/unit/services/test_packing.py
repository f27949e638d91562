"""Packed papers are gzip that anybody can read; what was stored before is read as it is."""

import gzip
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exam_service.services.packing import pack, packed, unpack


@given(st.binary(max_size=5_000))
def test_packed_is_gzip_with_the_same_in_it(content: bytes) -> None:
    assert gzip.decompress(pack(content)) == content
    assert unpack(pack(content)) == content
    assert unpack(gzip.compress(content)) == content, "also what another library packed"
    assert packed(pack(content))


@pytest.mark.parametrize("name", ["digital-literacy", "measurement-evaluation"])
def test_real_questions_give_the_same_bytes_and_far_fewer(name: str, repository: Path) -> None:
    bank = yaml.safe_load((repository / "question_banks" / f"{name}.yaml").read_text("utf-8"))
    seen = [{"stem": one["stem"], "choices": one.get("options", ())} for one in bank["questions"][:40]]
    content = msgspec.json.encode(seen)
    assert pack(content) == pack(content)
    assert len(pack(content)) < 0.4 * len(content)


def test_json_from_before_is_as_it_was() -> None:
    assert unpack(b'{"exam":"post"}') == b'{"exam":"post"}'
    assert not packed(b'{"exam":"post"}')
