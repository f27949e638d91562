"""Packed papers are gzip that anybody can read; what was stored before is read as it is."""

import gzip

from hypothesis import given
from hypothesis import strategies as st

from exam_service.services.packing import pack, packed, unpack


@given(st.binary(max_size=5_000))
def test_packed_is_gzip_with_the_same_in_it(content: bytes) -> None:
    assert gzip.decompress(pack(content)) == content
    assert unpack(pack(content)) == content
    assert packed(pack(content))


def test_the_same_paper_gives_the_same_bytes_and_far_fewer() -> None:
    content = '{"stem":{"th":"ข้อใดเป็นการวัดผลที่เหมาะสม","en":"Which way of measuring fits?"}}'.encode() * 40
    assert pack(content) == pack(content)
    assert len(pack(content)) < len(content) / 5


def test_json_from_before_is_as_it_was() -> None:
    assert unpack(b'{"exam":"post"}') == b'{"exam":"post"}'
    assert not packed(b'{"exam":"post"}')
