"""What anybody may fetch to verify without asking this service again: public keys, DID documents, status lists."""

from typing import Any

from exam_service.core.certificates import jws, status
from exam_service.core.certificates.did import did_document, jwks, method_id, organisation_did, service_did
from exam_service.core.certificates.keys import KeyRecord
from exam_service.core.certificates.record import StatusListRecord
from exam_service.core.errors import NotFound
from exam_service.core.records import Organisation
from exam_service.services import keys, status_lists
from exam_service.services.context import Context
from exam_service.services.ports import Tx


async def service_document(ctx: Context) -> dict[str, Any]:
    """The DID document of the service itself, whose key signs receipts."""
    async with ctx.store.read(keys.SERVICE) as tx:
        return did_document(service_did(ctx.policy.public_url), await tx.keys.all())


async def organisation_document(ctx: Context, slug: str) -> dict[str, Any]:
    """The DID document of an organisation, whose keys sign its certificates. Raises NotFound."""
    organisation = await named(ctx, slug)
    did = organisation_did(ctx.policy.public_url, slug)
    return did_document(did, await keys.of_organisation(ctx, organisation))


async def all_keys(ctx: Context) -> dict[str, Any]:
    """Every public key there ever was, as a JWK Set."""
    return jwks(key for _, records in await keys.all_public(ctx) for key in records)


async def status_list(ctx: Context, slug: str, number: int) -> StatusListRecord:
    """An organisation's status list, fresh, as a signed credential. Raises NotFound."""
    return await status_lists.published(ctx, await named(ctx, slug), number)


async def status_list_jwt(ctx: Context, slug: str, number: int) -> str:
    """The same list as a JWT by the same key, with the same bytes every time. Raises NotFound."""
    organisation = await named(ctx, slug)
    record = await status_lists.published(ctx, organisation, number)
    did = organisation_did(ctx.policy.public_url, slug)
    async with ctx.store.begin(organisation.id) as tx:
        key = await keys.active(tx, did, "certificates")
        _, found = status.read_list(record.document)
        if found.proof[0].verification_method != method_id(did, key.kid):
            # The key was changed since: one list must not carry two names.
            record = await status_lists.publish(ctx, tx, organisation, number)
        return await list_as_jwt(ctx, tx, key, record)


async def list_as_jwt(ctx: Context, tx: Tx, key: KeyRecord, record: StatusListRecord) -> str:
    """A status list as a JWT by that key, which has signed it as a credential, too."""
    raw, _ = status.read_list(record.document)
    signed = jws.signing_input("vc+jwt", method_id(key.did, key.kid), status.jwt_payload(raw))
    return jws.compact(signed, await keys.sign(ctx, tx, key, ctx.now(), signed))


async def named(ctx: Context, slug: str) -> Organisation:
    """The organisation of that slug. Raises NotFound."""
    async with ctx.store.directory() as directory:
        organisation = await directory.organisation(slug=slug)
    if organisation is None:
        raise NotFound(what="organisation", id=slug)
    return organisation
