"""Refusals around certificates, and of keys that sign them."""

from exam_service.core.errors.base import Refusal
from exam_service.core.text import Text


class NotYetEarned(Refusal):
    code = "not-yet-earned"
    sentence = Text(
        en="The conditions for the certificate are not met yet: {missing}",
        th="ยังไม่ครบเงื่อนไขการขอวุฒิบัตร: {missing}",
    )


class KindNotOffered(Refusal):
    code = "kind-not-offered"
    sentence = Text(en="This course does not offer “{kind}”.", th="หลักสูตรนี้ไม่มี “{kind}”")


class CertificateWithdrawn(Refusal):
    code = "certificate-withdrawn"
    sentence = Text(
        en="Your certificate was withdrawn; only the organisation can issue another one.",
        th="วุฒิบัตรของคุณถูกเพิกถอนแล้ว เฉพาะหน่วยงานผู้ออกเท่านั้นที่ออกฉบับใหม่ให้ได้",
    )


class CertificateNotStanding(Refusal):
    code = "certificate-not-standing"
    sentence = Text(
        en="This certificate does not stand any more, so it is not set on paper.",
        th="วุฒิบัตรนี้ไม่มีผลอยู่แล้ว จึงไม่จัดทำเป็นเอกสาร",
    )


class LettersMissing(Refusal):
    code = "letters-missing"
    sentence = Text(
        en="The fonts of certificates have no letter {letter}; this one cannot be set on paper until they do.",
        th="แบบอักษรของวุฒิบัตรไม่มีอักขระ {letter} จึงยังจัดทำเป็นเอกสารไม่ได้",
    )


class NotRevocable(Refusal):
    code = "not-revocable"
    sentence = Text(en="This certificate does not stand any more.", th="วุฒิบัตรนี้ไม่มีผลอยู่แล้ว")


class CertificateSuspended(Refusal):
    code = "certificate-suspended"
    sentence = Text(
        en="The certificate is suspended while it is under review; there is no other one until that is decided.",
        th="วุฒิบัตรถูกระงับชั่วคราวระหว่างการตรวจสอบ จึงยังออกฉบับอื่นแทนไม่ได้จนกว่าจะมีผล",
    )


class NotSuspended(Refusal):
    code = "not-suspended"
    sentence = Text(en="This certificate is not suspended.", th="วุฒิบัตรนี้ไม่ได้ถูกระงับอยู่")


class NothingToCorrect(Refusal):
    code = "nothing-to-correct"
    sentence = Text(
        en="A new certificate would say the same as this one; correct the record of the person or the course first.",
        th="ฉบับใหม่จะเหมือนฉบับเดิมทุกประการ โปรดแก้ข้อมูลของบุคคลหรือหลักสูตรก่อน",
    )


class CertificateExpired(Refusal):
    code = "certificate-expired"
    sentence = Text(
        en="The certificate has expired. Its organisation decides whether it is renewed.",
        th="วุฒิบัตรหมดอายุแล้ว หน่วยงานผู้ออกเป็นผู้พิจารณาต่ออายุ",
    )


class NotRenewable(Refusal):
    code = "not-renewable"
    sentence = Text(
        en="This certificate cannot be renewed: it does not expire, or its course gives none a time, or its whole "
        "period is still to come.",
        th="ต่ออายุวุฒิบัตรนี้ไม่ได้ เพราะไม่มีวันหมดอายุ หรือหลักสูตรไม่ได้กำหนดอายุไว้ หรือยังเหลืออายุเต็มรอบ",
    )


class SigningFailed(Refusal):
    code = "signing-failed"
    sentence = Text(
        en="The certificate could not be signed correctly; nothing was issued.",
        th="ลงนามวุฒิบัตรไม่สำเร็จ จึงยังไม่ออกวุฒิบัตร",
    )


class UnreadableEvidence(Refusal):
    code = "unreadable-evidence"
    sentence = Text(en="This is no certificate that can be read here: {why}", th="อ่านหลักฐานนี้ไม่ได้: {why}")


class NotVerified(Refusal):
    code = "not-verified"
    sentence = Text(en="It could not be verified: {why}", th="ตรวจสอบไม่ผ่าน: {why}")


class KeyNotUsable(Refusal):
    code = "key-not-usable"
    sentence = Text(
        en="Key `{kid}` is {state}; it cannot be used to sign again.",
        th="กุญแจ `{kid}` อยู่ในสถานะ {state} จึงใช้ลงนามอีกไม่ได้",
    )
