"""What each step of a verification says: a stable code and a sentence in Thai and English."""

from exam_service.core.text import Text

PASSED: dict[str, Text] = {
    "parsed": Text(th="อ่านข้อมูลได้ครบถ้วน", en="It could be read completely."),
    "key-known": Text(th="รู้จักกุญแจของ {issuer}", en="The key belongs to {issuer}."),
    "key-good": Text(th="กุญแจใช้ได้ในวันที่ออก", en="The key was good when the certificate was issued."),
    "key-vouched": Text(
        th="กุญแจนี้ถูกแจ้งว่าไม่ปลอดภัยภายหลัง แต่ทะเบียนของผู้ออกยืนยันฉบับนี้",
        en="The key was reported compromised later, but the issuer's own record confirms this certificate.",
    ),
    "key-logged": Text(
        th="กุญแจนี้ถูกแจ้งว่าไม่ปลอดภัยภายหลัง แต่บันทึกการออกวุฒิบัตรยืนยันว่ามีฉบับนี้แล้วเมื่อ {at}",
        en="The key was reported compromised later, but the issuance log has had this certificate since {at}.",
    ),
    "logged": Text(
        th="อยู่ในบันทึกการออกวุฒิบัตร ลำดับที่ {number} ตั้งแต่ {at}",
        en="It is in the issuance log as number {number}, since {at}.",
    ),
    "signature-good": Text(th="ลายมือชื่อดิจิทัลถูกต้อง", en="The digital signature is right."),
    "stands": Text(th="ยังมีผลอยู่ ณ {as_of}", en="It stands, as of {as_of}."),
    "not-expired": Text(th="ยังไม่หมดอายุ", en="It has not expired."),
    "no-expiry": Text(th="ไม่มีวันหมดอายุ", en="It does not expire."),
    "faces-agree": Text(
        th="หลักฐานทุกส่วนที่ให้มา (เช่น ไฟล์แนบและ QR) ตรงกัน",
        en="All that was given, such as attachment and QR, says the same.",
    ),
}

FAILED: dict[str, Text] = {
    # 1 parse
    "not-a-certificate": Text(
        th="ไม่ใช่ QR หรือที่อยู่ของวุฒิบัตร", en="This is neither the QR text nor the address of a certificate."
    ),
    "too-long": Text(th="ข้อมูลยาวเกินไป", en="It is too long for a certificate."),
    "no-token": Text(
        th="มีเพียงที่อยู่ ไม่มีข้อมูลที่ลงนาม ให้เปิดที่อยู่นั้นเพื่อตรวจสอบ",
        en="There is only an address and nothing signed in it; open the address to check.",
    ),
    "unknown-version": Text(th="ไม่รู้จักรูปแบบรุ่นนี้", en="This version of the format is not known."),
    "broken-digits": Text(th="ตัวเลขใน QR ไม่ครบหรือไม่ถูกต้อง", en="The digits in the QR are incomplete or wrong."),
    "broken-token": Text(th="ข้อมูลใน QR เสียหาย", en="What the QR holds is damaged."),
    "id-mismatch": Text(
        th="เลขที่ในที่อยู่ไม่ตรงกับเลขที่ที่ลงนามไว้", en="The number in the address differs from the one that was signed."
    ),
    "not-json": Text(th="ไม่ใช่ JSON ที่อ่านได้", en="This is no readable JSON."),
    "unknown-shape": Text(
        th="เอกสารไม่ใช่วุฒิบัตรในรูปแบบของระบบนี้", en="The document does not have the form of these certificates."
    ),
    "no-proof": Text(th="เอกสารไม่มีลายมือชื่อดิจิทัล", en="The document carries no digital signature."),
    # 2 key known
    "key-unknown": Text(
        th="ไม่รู้จักกุญแจที่ลงนาม จึงบอกไม่ได้ว่าเป็นของจริงหรือไม่",
        en="The signing key is not known here, so nothing can be said about it.",
    ),
    "key-of-other-issuer": Text(th="กุญแจไม่ใช่ของผู้ออกที่ระบุไว้", en="The key does not belong to the issuer it names."),
    # 3 key good at that time
    "key-not-yet-valid": Text(th="วันที่ออกอยู่ก่อนที่กุญแจจะมีอยู่", en="It says it was issued before the key existed."),
    "key-retired": Text(th="วันที่ออกอยู่หลังจากเลิกใช้กุญแจแล้ว", en="It says it was issued after the key was retired."),
    "key-compromised": Text(
        th="วันที่ออกอยู่หลังจากกุญแจไม่ปลอดภัยแล้ว", en="It says it was issued after the key was compromised."
    ),
    "key-compromised-since": Text(
        th="กุญแจนี้ถูกแจ้งว่าไม่ปลอดภัยภายหลัง ต้องตรวจกับทะเบียนของผู้ออกเท่านั้น",
        en="The key was reported compromised later; only the issuer's own record can tell.",
    ),
    # 8 log
    "log-proof-wrong": Text(
        th="หลักฐานจากบันทึกการออกวุฒิบัตรไม่ใช่ของฉบับนี้ หรือถูกแก้ไข",
        en="The proof of the issuance log is not of this certificate, or was changed.",
    ),
    "log-unknown": Text(
        th="ไม่รู้จักกุญแจของบันทึกการออกวุฒิบัตรนี้", en="The key of that issuance log is not known here, or was not good then."
    ),
    # 4 signature
    "signature-wrong": Text(
        th="ลายมือชื่อดิจิทัลไม่ตรง ข้อมูลถูกแก้ไขหรือไม่ได้ลงนามโดยผู้ออกนี้",
        en="The signature does not match: it was altered, or was not signed by this issuer.",
    ),
    # 5 status
    "not-on-record": Text(th="ผู้ออกไม่มีฉบับนี้ในทะเบียน", en="The issuer has no such certificate on record."),
    "differs-from-record": Text(
        th="ข้อมูลไม่ตรงกับทะเบียนของผู้ออก ({fields})", en="It differs from the issuer's record ({fields})."
    ),
    "revoked": Text(th="ถูกเพิกถอนแล้ว", en="It has been revoked."),
    "suspended": Text(th="ถูกระงับชั่วคราว", en="It is suspended for now."),
    "superseded": Text(th="มีฉบับใหม่แทนแล้ว", en="A newer certificate has replaced it."),
    "withdrawn": Text(
        th="ผู้ออกถอนฉบับนี้แล้ว (ณ {as_of}) เปิดหน้าตรวจสอบเพื่อดูเหตุผล",
        en="The issuer has withdrawn it (as of {as_of}); the verify page says why.",
    ),
    "pending": Text(th="ยังออกไม่เสร็จ", en="It is still being issued."),
    "status-unknown": Text(
        th="ไม่มีรายการสถานะของผู้ออก จึงไม่ทราบว่ายังมีผลอยู่หรือไม่",
        en="The issuer's status list is not at hand, so whether it still stands is unknown.",
    ),
    "status-list-stale": Text(
        th="รายการสถานะที่มีเก่าเกินไป (ใช้ได้ถึง {until}) จึงไม่ทราบว่ายังมีผลอยู่หรือไม่",
        en="The status list at hand is too old (good until {until}), so whether it still stands is unknown.",
    ),
    "status-list-broken": Text(
        th="รายการสถานะเสียหายหรือลายมือชื่อไม่ถูกต้อง จึงไม่ทราบว่ายังมีผลอยู่หรือไม่",
        en="The status list is damaged or not rightly signed, so whether it still stands is unknown.",
    ),
    # 6 expiry
    "expired": Text(th="หมดอายุแล้วเมื่อ {valid_until}", en="It expired {valid_until}."),
    "not-yet-valid": Text(
        th="วันที่ออกอยู่ในอนาคต ({issued_at}) ตรวจนาฬิกาของเครื่องนี้",
        en="It is issued in the future ({issued_at}); check the clock."
    ),
    # 7 several faces
    "faces-differ": Text(
        th="หลักฐานที่ให้มาไม่ตรงกัน ({fields}) มีส่วนที่มาจากฉบับอื่นหรือถูกแก้ไข",
        en="What was given does not say the same ({fields}): a part is of another certificate, or was altered.",
    ),
    "not-checked": Text(th="ไม่ได้ตรวจขั้นนี้ เพราะขั้นก่อนหน้าไม่ผ่าน", en="Not checked, because an earlier step failed."),
}  # fmt: skip

HEADLINES: dict[str, Text] = {
    "stands": Text(th="ของจริง และยังมีผลอยู่", en="Genuine, and it stands"),
    "revoked": Text(th="ของจริง แต่ถูกเพิกถอนแล้ว", en="Genuine, but revoked"),
    "withdrawn": Text(th="ของจริง แต่ผู้ออกถอนแล้ว", en="Genuine, but withdrawn by its issuer"),
    "suspended": Text(th="ของจริง แต่ถูกระงับชั่วคราว", en="Genuine, but suspended"),
    "superseded": Text(th="ของจริง แต่มีฉบับใหม่แทนแล้ว", en="Genuine, but replaced by a newer one"),
    "expired": Text(th="ของจริง แต่หมดอายุแล้ว", en="Genuine, but expired"),
    "unknown-status": Text(th="ของจริง แต่ไม่ทราบว่ายังมีผลอยู่หรือไม่", en="Genuine, but whether it still stands is unknown"),
    "not_genuine": Text(th="ไม่ใช่ของจริง", en="Not genuine"),
    "unknown": Text(th="บอกไม่ได้ว่าเป็นของจริงหรือไม่", en="Cannot tell whether it is genuine"),
    "key-compromised": Text(th="กุญแจที่ลงนามไม่ปลอดภัยแล้ว", en="Signed after its key was compromised"),
    "key-compromised-since": Text(th="กุญแจที่ลงนามไม่ปลอดภัยภายหลัง", en="Its key was compromised later"),
}

NOTHING_TO_JUDGE = frozenset(("not-a-certificate", "no-token", "not-json"))
"""Codes of step 1 of which "not genuine" would say too much: a bare address may well belong to a genuine one."""


class Unreadable(ValueError):
    """What was given cannot be a certificate; `code` is one of step 1's codes above, `detail` says where."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(f"{code}: {detail}" if detail else code)
