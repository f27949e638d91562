"""HEAD is answered as GET is, where anybody may look."""

import httpx
import pytest

from tests.support.certified import PAGE, Holder


@pytest.mark.parametrize(
    "path",
    ["/v/{id}", "/v/AAAAAAAAAAAAAAAA", "/verify", "/orgs/first/status/1", "/.well-known/jwks.json", "/healthz"],
)
async def test_it_has_the_headers_of_get_and_no_content(certified: Holder, web: httpx.AsyncClient, path: str) -> None:
    address = path.format(id=certified.id)
    # The second time the page is one that is kept.
    for _ in range(2):
        asked, looked = await web.get(address, headers=PAGE), await web.head(address, headers=PAGE)
        assert looked.status_code == asked.status_code
        assert looked.content == b""
        for name in ("content-type", "content-length", "cache-control", "etag", "vary"):
            assert looked.headers.get(name) == asked.headers.get(name), name


async def test_elsewhere_it_is_refused(certified: Holder, web: httpx.AsyncClient) -> None:
    assert (await web.head(f"/l/{await certified.world.launch()}")).status_code == 405
