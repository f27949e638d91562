"""All that verifying needs as files, under the paths at which the service serves it: any web server can take its place.

See docs/how-to/outlive.md. Nothing in it is secret, and nothing in it names a person.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from exam_service.core.certificates import issuance_log as log
from exam_service.core.certificates import trust as trust_files
from exam_service.core.certificates.did import organisation_did
from exam_service.core.certificates.record import StatusListRecord
from exam_service.core.certificates.trust import Trust
from exam_service.core.records import Organisation
from exam_service.services import issuance_log, keys, publications, status_lists, verification
from exam_service.services.context import Context


class File(NamedTuple):
    """One file, its path below the root of the site."""

    path: str
    content: bytes


async def files(ctx: Context, until: datetime | None = None) -> AsyncIterator[File]:
    """Every file. With `until` the status lists are signed to be believed up to then, not only for their usual day.

    The lists of this moment are in it: who keeps one believes it to its end, whatever is revoked meanwhile.
    """
    async with ctx.store.directory() as directory:
        organisations = await directory.organisations()
    trusted: list[Trust] = []
    for organisation in organisations:
        listed, jwt = await _list(ctx, organisation, until)
        own = await verification.trust_file_of(ctx, organisation, listed.document)
        trusted.append(own)
        place = f"orgs/{organisation.slug}"
        yield File(f"{place}/status/{listed.number}", listed.document)
        yield File(f"{place}/status/{listed.number}.jwt", jwt.encode())
        yield File(f"{place}/trust.json", trust_files.to_file(own))
        yield _json(f"{place}/did.json", await publications.organisation_document(ctx, organisation.slug))
        async for path, content in _log(ctx, organisation):
            yield File(f"{place}/log/{path}", content)
    everybody = Trust(
        made_at=max((one.made_at for one in trusted), default=ctx.now()),
        issuers=[issuer for one in trusted for issuer in one.issuers],
        status_lists=[text for one in trusted for text in one.status_lists],
    )
    yield File(".well-known/trust.json", trust_files.to_file(everybody))
    yield _json(".well-known/jwks.json", await publications.all_keys(ctx))
    yield _json(".well-known/did.json", await publications.service_document(ctx))


def _json(path: str, document: dict[str, Any]) -> File:
    return File(path, msgspec.json.format(msgspec.json.encode(document), indent=2))


async def _list(ctx: Context, organisation: Organisation, until: datetime | None) -> tuple[StatusListRecord, str]:
    """The status list, as a credential and as a JWT by the same key."""
    number = status_lists.NUMBER
    if until is None:
        jwt = await publications.status_list_jwt(ctx, organisation.slug, number)
        return await status_lists.published(ctx, organisation, number), jwt
    await keys.ensure(ctx, organisation.id, "certificates")
    async with ctx.store.begin(organisation.id) as tx:
        record = await status_lists.signed(ctx, tx, organisation, number, until)
        key = await keys.active(tx, organisation_did(ctx.policy.public_url, organisation.slug), "certificates")
        return record, await publications.list_as_jwt(ctx, tx, key, record)


async def _log(ctx: Context, organisation: Organisation) -> AsyncIterator[File]:
    """The issuance log as of its newest checkpoint, as c2sp.org/tlog-tiles lays it out; nothing before an entry."""
    async with ctx.store.read(organisation.id) as tx:
        if not (await tx.issuance_log.head()).size:
            return
    note = await issuance_log.checkpoint(ctx, organisation)
    size = log.read_checkpoint(note).size
    for level in range(8):
        for path, number, width in _tiles(size >> (log.HEIGHT * level)):
            yield File(f"tile/{level}/{path}", await issuance_log.tile(ctx, organisation.id, level, number, width))
            if level == 0:
                content = await issuance_log.entries(ctx, organisation.id, number, width)
                yield File(f"tile/entries/{path}", content)
    keys_of_log = await issuance_log.verifier_keys(ctx, organisation)
    yield File("keys", "".join(f"{line}\n" for line in keys_of_log).encode())
    # Last: whoever reads while this is written finds everything that the checkpoint speaks of.
    yield File("checkpoint", note)


def _tiles(size: int) -> list[tuple[str, int, int]]:
    """Path, number and width of every tile over so many hashes."""
    whole, rest = divmod(size, log.WIDTH)
    found = [(log.tile_path(number), number, log.WIDTH) for number in range(whole)]
    return [*found, (f"{log.tile_path(whole)}.p/{rest}", whole, rest)] if rest else found
