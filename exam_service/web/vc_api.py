"""The VC-API (W3C Credentials Community Group): other programs' way to have credentials signed and verified.

What it says of a credential is its proofs and its status, not that it is a certificate of ours: `POST /v1/verify` and
the verify page say that.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from exam_service.core.certificates.credential import read_json
from exam_service.core.certificates.vc_faults import PROBLEMS, fault, not_verified
from exam_service.core.certificates.words import Unreadable
from exam_service.core.errors import Fault, NotVerified
from exam_service.services import publications, vc_api, vc_status
from exam_service.services.context import Context
from exam_service.services.once import once
from exam_service.services.vc_api import Asked, Checked
from exam_service.web import auth
from exam_service.web.body import invalid, read_body
from exam_service.web.given import Ctx, Repeat, Staff
from exam_service.web.openapi import documented
from exam_service.web.problems import Problem, refused
from exam_service.web.verify.published import STATUS_FOR, published

Plain = Request[Any, Any, Any]

MAX_BODY = 65_536
_ANYWHERE = {"Access-Control-Allow-Origin": "*"}


class SecureRequest(msgspec.Struct, frozen=True):
    """A credential to be secured. Its issuer becomes the key's own `did:key`, whatever is given."""

    credential: dict[str, object]
    options: dict[str, object] | None = None


class Issued(msgspec.Struct, frozen=True, rename="camel"):
    """The same credential with its proof, and a status entry unless it had one."""

    verifiable_credential: dict[str, object]


class VerifyOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is asked of the proofs; other options are not looked at."""

    checks: tuple[str, ...] = ()
    """With `credentialStatus`, a status list that is not at hand is a failure and not a warning."""
    challenge: str | None = None
    domain: str | None = None
    expected_proof_purpose: str | None = None


class VerifyCredentialRequest(msgspec.Struct, frozen=True, rename="camel"):
    verifiable_credential: dict[str, object]
    options: VerifyOptions | None = None


class VerifyPresentationRequest(msgspec.Struct, frozen=True, rename="camel"):
    verifiable_presentation: dict[str, object]
    options: VerifyOptions | None = None


class ProblemDetail(msgspec.Struct, frozen=True):
    """One problem, typed as the specifications say."""

    type: str
    title: str
    detail: str


class Verified(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The proofs are right, by the keys they name; nothing that is known speaks against it."""

    verified: bool = True
    checks: list[str]
    warnings: list[ProblemDetail]
    errors: list[ProblemDetail] = []
    problem_details: list[ProblemDetail] = []


class StatusEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The entry as it stands in the credential."""

    type: str
    status_purpose: str
    status_list_index: str
    status_list_credential: str


class StatusRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether the credential with that entry is withdrawn."""

    credential_id: str | None = None
    credential_status: StatusEntry
    status: bool = True


_CREDENTIAL: dict[str, object] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "did:example:any",
    "credentialSubject": {"id": "did:example:subject", "name": "Somebody"},
}
_PROOF = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-rdfc-2022",
    "created": "2026-11-22T02:30:00Z",
    "verificationMethod": "did:key:z6Mk…#z6Mk…",
    "proofPurpose": "assertionMethod",
    "proofValue": "z…",
}
_PRESENTATION = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiablePresentation"],
    "holder": "did:key:z6Mk…",
    "verifiableCredential": [{**_CREDENTIAL, "proof": _PROOF}],
    "proof": {**_PROOF, "proofPurpose": "authentication", "challenge": "3f…", "domain": "verifier.example"},
}


@post(
    "/credentials/issue",
    summary="Secure a credential (VC-API)",
    request_max_body_size=MAX_BODY,
    **documented(
        scope="certificates",
        body=SecureRequest,
        examples={"a credential": {"credential": _CREDENTIAL, "options": {}}},
        problems=["not-found"],
    ),
)
async def issue(request: Plain, ctx: Ctx, caller: Staff, repeat: Repeat) -> Issued:
    """Takes any credential of W3C's data model 2.0 or 1.1 and returns it with a proof by `eddsa-rdfc-2022`. It is for
    interoperation; certificates are issued at `/v1/enrolments/…/certificates`, and what is signed here is none.

    The issuer becomes the `did:key` of the organisation's key for this purpose, which no DID document, key set or trust
    file of this service names. Off unless `EXAM_VC_API=on`. Contexts are the bundled ones; nothing is fetched.
    """
    caller.must("certificates")
    content = await request.body()
    _json(content, lambda why: invalid("not-json", f"the body is not JSON: {why}", f"เนื้อหาไม่ใช่ JSON: {why}"))
    body = await read_body(request, SecureRequest)
    work = await vc_api.prepared(ctx, caller.org, body.credential, caller.key_id)
    made = await once(ctx, caller.org, repeat, dict[str, Any], work)
    return Issued(verifiable_credential=made)


@post(
    "/credentials/status",
    status_code=200,
    summary="Withdraw a credential of the VC-API",
    request_max_body_size=MAX_BODY,
    **documented(
        scope="certificates",
        body=StatusRequest,
        examples={
            "withdraw": {
                "credentialStatus": {
                    "type": "BitstringStatusListEntry",
                    "statusPurpose": "revocation",
                    "statusListIndex": "94567",
                    "statusListCredential": "https://exam.example.go.th/credentials/status/opec",
                },
                "status": True,
            }
        },
        problems=["not-found"],
    ),
)
async def change_status(request: Plain, ctx: Ctx, caller: Staff) -> StatusRequest:
    """Sets or clears the bit in the organisation's list of what it had signed here, and publishes the list."""
    caller.must("certificates")
    body = await read_body(request, StatusRequest)
    entry = body.credential_status
    index = vc_status.index_of(entry.status_list_index)
    if index is None or entry.type != "BitstringStatusListEntry":
        raise invalid("wrong-value", "this is no entry of the list", "ไม่ใช่รายการในสถานะนี้", "credentialStatus")
    await vc_api.change_status(ctx, caller.org, entry.status_list_credential, index, body.status, caller.key_id)
    return body


@get("/credentials/status/{slug:str}", summary="The status list of what the VC-API signed")
async def status_list(slug: FromPath[str], request: Plain, ctx: Ctx) -> Response[bytes]:
    """A signed Bitstring Status List, apart from that of certificates."""
    await auth.limit_public(request)
    record = await vc_status.published(ctx, await publications.named(ctx, slug))
    return published(request, record.document, "application/json", STATUS_FOR)


@post(
    "/credentials/verify",
    status_code=200,
    summary="Verify a credential (VC-API)",
    request_max_body_size=MAX_BODY,
    **documented(
        answers={200: Verified},
        body=VerifyCredentialRequest,
        examples={
            "a credential": {"verifiableCredential": {**_CREDENTIAL, "proof": _PROOF}, "options": {"checks": []}}
        },
        problems=["not-verified", "too-many-requests"],
    ),
)
async def verify_credential(request: Plain, ctx: Ctx) -> Response[Any]:
    """Anybody's credential of data model 2.0 or 1.1, secured by `eddsa-rdfc-2022` with a `did:key`, or by an
    organisation of this service; sets and chains of proofs are verified whole. That a proof is right says who signed,
    not that they may be believed: a certificate is judged by `POST /v1/verify`. What is not verified is refused with
    400, `problemDetails` and the faults; nothing is fetched.
    """
    return await _verdict(request, ctx, "verifiableCredential", vc_api.verify_credential)


@post(
    "/presentations/verify",
    status_code=200,
    summary="Verify a presentation (VC-API)",
    request_max_body_size=MAX_BODY,
    **documented(
        answers={200: Verified},
        body=VerifyPresentationRequest,
        examples={
            "a presentation": {
                "verifiablePresentation": _PRESENTATION,
                "options": {"challenge": "3f…", "domain": "verifier.example"},
            }
        },
        problems=["not-verified", "too-many-requests"],
    ),
)
async def verify_presentation(request: Plain, ctx: Ctx) -> Response[Any]:
    """A presentation, signed by its holder for the `challenge` and `domain` that the options name, with each of the
    credentials in it. An unsigned one is refused, and so is one with a credential that does not verify.
    """
    return await _verdict(request, ctx, "verifiablePresentation", vc_api.verify_presentation)


Verify = Callable[[Context, dict[str, Any], Asked], Awaitable[Checked]]


async def _verdict(request: Plain, ctx: Context, member: str, verify: Verify) -> Response[Any]:
    await auth.limit_public(request)
    try:
        body = _json(await request.body(), _unparsed)
        document = body.get(member)
        if not isinstance(document, dict):
            raise not_verified("malformed", fault("not-an-object" if member in body else "missing", member))
        found = await verify(ctx, document, _asked(body.get("options")))
    except NotVerified as refusal:
        return _refused(request, refusal)
    warnings = [_detail("no-status", one) for one in found.warnings]
    return Response(Verified(checks=list(dict.fromkeys(found.checks)), warnings=warnings), headers=_ANYWHERE)


def _json(content: bytes, refusal: Callable[[str], Exception]) -> dict[str, Any]:
    """An object with no member given twice: two readers would take two different ones."""
    try:
        msgspec.json.decode(content)
        return read_json(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, Unreadable, RecursionError) as error:
        raise refusal(str(error)[:200]) from error


def _unparsed(why: str) -> NotVerified:
    return not_verified("malformed", fault("not-json", "", why))


def _asked(options: object) -> Asked:
    try:
        given = msgspec.convert({} if options is None else options, VerifyOptions)
    except msgspec.ValidationError as error:
        raise not_verified("malformed", fault("wrong-options", "options", str(error))) from error
    return Asked(given.checks, given.expected_proof_purpose, given.challenge, given.domain)


def _refused(request: Plain, refusal: NotVerified) -> Response[Any]:
    """The house's problem, with the members that programs of the VC-API look for."""
    kind = str(refusal.data)
    refusal.data = None
    response = refused(request, refusal)
    if not isinstance(response.content, Problem):
        return response
    details = [_detail(kind, one) for one in refusal.faults]
    more = {"verified": False, "checks": ["proof"], "warnings": [], "errors": details, "problemDetails": details}
    content = msgspec.to_builtins(response.content) | msgspec.to_builtins(more)
    headers = {**response.headers, **_ANYWHERE}
    return Response(content, status_code=response.status_code, media_type=response.media_type, headers=headers)


def _detail(kind: str, one: Fault) -> ProblemDetail:
    return ProblemDetail(type=PROBLEMS[kind], title=one.code, detail=one.message.within("en"))


router = Router(
    "/",
    route_handlers=[issue, change_status, status_list, verify_credential, verify_presentation],
    tags=["VC-API"],
)
