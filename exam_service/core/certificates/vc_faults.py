"""What may be wrong with somebody's credential or presentation: each kind of fault once, in both languages."""

from exam_service.core.errors import Fault, NotVerified
from exam_service.core.text import Text

_DI = "https://w3id.org/security#"
_MODEL = "https://www.w3.org/TR/vc-data-model#"
_STATUS = "https://www.w3.org/ns/credentials/status-list#"

PROBLEMS = {
    "malformed": f"{_MODEL}MALFORMED_VALUE_ERROR",
    "unsigned": f"{_MODEL}CRYPTOGRAPHIC_SECURITY_ERROR",
    "out-of-time": f"{_MODEL}RANGE_ERROR",
    "proof": f"{_DI}PROOF_VERIFICATION_ERROR",
    "transformation": f"{_DI}PROOF_TRANSFORMATION_ERROR",
    "domain": f"{_DI}INVALID_DOMAIN_ERROR",
    "challenge": f"{_DI}INVALID_CHALLENGE_ERROR",
    "method": f"{_DI}INVALID_VERIFICATION_METHOD",
    "status": f"{_STATUS}STATUS_VERIFICATION_ERROR",
    "no-status": f"{_STATUS}STATUS_RETRIEVAL_ERROR",
}
"""Problem types of the specifications, by what we call them."""

_SENTENCES: dict[str, Text] = {
    "not-json": Text(en="the body is not JSON: {wanted}", th="เนื้อหาไม่ใช่ JSON: {wanted}"),
    "wrong-options": Text(en="`{path}` cannot be read: {wanted}", th="อ่าน `{path}` ไม่ได้: {wanted}"),
    "missing": Text(en="`{path}` is missing", th="ไม่มี `{path}`"),
    "not-an-object": Text(en="`{path}` must be an object", th="`{path}` ต้องเป็นออบเจ็กต์"),
    "empty": Text(en="`{path}` must not be empty", th="`{path}` ต้องไม่ว่าง"),
    "not-a-url": Text(en="`{path}` must be one URL", th="`{path}` ต้องเป็น URL เดียว"),
    "not-a-text": Text(en="`{path}` must be a text", th="`{path}` ต้องเป็นข้อความ"),
    "not-a-type": Text(
        en="`{path}` must be a term or URL, or a list of these", th="`{path}` ต้องเป็นคำหรือ URL หรือรายการของสิ่งเหล่านี้"
    ),
    "no-base-type": Text(en="`{path}` must name `{wanted}`", th="`{path}` ต้องมี `{wanted}`"),
    "no-base-context": Text(
        en="`{path}` must be a list that begins with {wanted}", th="`{path}` ต้องเป็นรายการที่เริ่มด้วย {wanted}"
    ),
    "not-a-context": Text(
        en="`{path}` must be a URL or an object of definitions", th="`{path}` ต้องเป็น URL หรือออบเจ็กต์ของคำนิยาม"
    ),
    "not-a-time": Text(
        en="`{path}` must be a dateTimeStamp with its offset, as 2026-11-22T09:30:00+07:00",
        th="`{path}` ต้องเป็นเวลาพร้อมเขตเวลา เช่น 2026-11-22T09:30:00+07:00",
    ),
    "ends-before-it-begins": Text(en="`{path}` is before it begins", th="`{path}` มาก่อนวันเริ่มต้น"),
    "not-a-language-value": Text(
        en="`{path}` must be a text, or `@value` with `@language` and `@direction` and nothing else",
        th="`{path}` ต้องเป็นข้อความ หรือมี `@value` กับ `@language` และ `@direction` เท่านั้น",
    ),
    "not-an-index": Text(
        en="`{path}` must be a whole number from 0 on, as a text in base 10",
        th="`{path}` ต้องเป็นจำนวนเต็มตั้งแต่ 0 ในรูปข้อความฐานสิบ",
    ),
    "not-a-size": Text(en="`{path}` must be a whole number above 0", th="`{path}` ต้องเป็นจำนวนเต็มมากกว่า 0"),
    "wrong-messages": Text(
        en="`{path}` must have a `status` and a `message` for each possible value",
        th="`{path}` ต้องมี `status` และ `message` ครบทุกค่าที่เป็นไปได้",
    ),
    "no-digest": Text(
        en="`{path}` must have `digestSRI` or `digestMultibase`", th="`{path}` ต้องมี `digestSRI` หรือ `digestMultibase`"
    ),
    "not-a-digest": Text(en="`{path}` is no digest", th="`{path}` ไม่ใช่ค่าไดเจสต์"),
    "other-digest": Text(en="`{path}` is not the digest of that resource", th="`{path}` ไม่ตรงกับไดเจสต์ของทรัพยากรนั้น"),
    "twice": Text(en="`{path}` is named twice", th="`{path}` ถูกระบุซ้ำ"),
    "already-secured": Text(
        en="`{path}`: what has a proof already is not secured again", th="`{path}`: เอกสารนี้มีลายเซ็นอยู่แล้ว จึงไม่ลงนามซ้ำ"
    ),
    "enveloped": Text(
        en="`{path}` is enveloped (JOSE, COSE); only embedded proofs are read here",
        th="`{path}` เป็นเอกสารในซอง (JOSE, COSE) ที่นี่อ่านเฉพาะลายเซ็นที่ฝังในเอกสาร",
    ),
    "not-a-credential": Text(
        en="`{path}` must be a verifiable credential object", th="`{path}` ต้องเป็นออบเจ็กต์ verifiable credential"
    ),
    "looks-like-ours": Text(
        en="`{path}` lies under this service's own address: only what it publishes itself has such names",
        th="`{path}` อยู่ใต้ที่อยู่ของระบบนี้ ซึ่งใช้ได้เฉพาะสิ่งที่ระบบเผยแพร่เอง",
    ),
    "ours-to-make": Text(
        en="`{path}`: credentials of the type `{wanted}` are not issued here",
        th="`{path}`: ที่นี่ไม่ออกเอกสารชนิด `{wanted}`",
    ),
    "no-proof": Text(en="`{path}`: there is no proof", th="`{path}`: ไม่มีลายเซ็น"),
    "too-many-proofs": Text(en="`{path}`: more than {wanted} proofs", th="`{path}`: มีลายเซ็นมากกว่า {wanted} รายการ"),
    "unknown-suite": Text(
        en="`{path}`: only DataIntegrityProof with eddsa-rdfc-2022 is verified here",
        th="`{path}`: ที่นี่ตรวจเฉพาะ DataIntegrityProof แบบ eddsa-rdfc-2022",
    ),
    "other-purpose": Text(en="`{path}` must be `{wanted}`", th="`{path}` ต้องเป็น `{wanted}`"),
    "no-previous-proof": Text(
        en="`{path}` names a proof that is not there, or not there once",
        th="`{path}` อ้างถึงลายเซ็นที่ไม่มีอยู่ หรือมีมากกว่าหนึ่งรายการ",
    ),
    "proof-expired": Text(en="`{path}`: the proof has expired", th="`{path}`: ลายเซ็นหมดอายุแล้ว"),
    "not-a-proof-value": Text(
        en="`{path}` must be 64 bytes in base58btc multibase", th="`{path}` ต้องเป็นข้อมูล 64 ไบต์แบบ base58btc multibase"
    ),
    "other-domain": Text(en="`{path}` is not the domain that was asked for", th="`{path}` ไม่ใช่โดเมนที่ขอไว้"),
    "other-challenge": Text(en="`{path}` is not the challenge that was asked for", th="`{path}` ไม่ใช่คำท้าที่ขอไว้"),
    "not-a-did-key": Text(en="`{path}` is no Ed25519 did:key", th="`{path}` ไม่ใช่ did:key แบบ Ed25519"),
    "unknown-did": Text(
        en="`{path}`: only did:key and this service's own organisations are known; nothing is fetched",
        th="`{path}`: รู้จักเฉพาะ did:key และหน่วยงานของระบบนี้ ระบบไม่ดึงข้อมูลจากที่อื่น",
    ),
    "key-not-good": Text(en="`{path}`: that key was not good then", th="`{path}`: กุญแจนี้ใช้ไม่ได้ในเวลานั้น"),
    "key-of-another": Text(en="`{path}` is not whose key the proof names", th="`{path}` ไม่ใช่เจ้าของกุญแจที่ลายเซ็นระบุ"),
    "signature-wrong": Text(
        en="`{path}`: the signature is not right for this document", th="`{path}`: ลายเซ็นไม่ตรงกับเอกสารนี้"
    ),
    "no-canonical-form": Text(
        en="the document has no safe canonical form: {wanted}", th="เอกสารไม่มีรูปแบบมาตรฐานที่ปลอดภัย: {wanted}"
    ),
    "not-yet-valid": Text(en="`{path}` is in the future", th="`{path}` ยังมาไม่ถึง"),
    "expired": Text(en="`{path}` has passed", th="`{path}` ผ่านไปแล้ว"),
    "withdrawn": Text(en="`{path}`: it does not stand any more", th="`{path}`: เอกสารนี้ไม่มีผลแล้ว"),
    "status-unknown": Text(
        en="`{path}`: that status list is not at hand, and none is fetched",
        th="`{path}`: ไม่มีรายการสถานะนี้ และระบบไม่ดึงจากที่อื่น",
    ),
    "not-on-record": Text(
        en="the register of certificates does not bear it out: {wanted}", th="ไม่ตรงกับทะเบียนวุฒิบัตร: {wanted}"
    ),
}


def fault(code: str, path: str, wanted: str = "") -> Fault:
    """One fault at that place."""
    return Fault(code=code, path=path, message=_SENTENCES[code].fill({"path": path, "wanted": wanted}))


def not_verified(kind: str, *faults: Fault) -> NotVerified:
    """The refusal, with every fault; `kind` is one of `PROBLEMS`."""
    return NotVerified(why=faults[0].message, faults=faults, data=kind)
