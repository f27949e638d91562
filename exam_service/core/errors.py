"""Every way the service says no: a stable code and a sentence in Thai and English.

HTTP status lives elsewhere, in one table (`web/problems.py`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from exam_service.core.text import Text, next_minute, until


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong in what was sent, and where: a check returns all of them at once."""

    code: str
    message: Text
    path: str = ""
    """JSON-path-like place in the document, as in `questions[3].options[1].text`."""
    file: str | None = None
    line: int | None = None
    question: str | None = None


class Refusal(Exception):
    """A rule saying no. Nothing was changed."""

    code: ClassVar[str]
    sentence: ClassVar[Text]

    def __init__(
        self, *, retry_at: datetime | None = None, faults: Sequence[Fault] = (), data: object = None, **facts: object
    ) -> None:
        self.retry_at = retry_at
        self.faults = tuple(faults)
        self.data = data
        self.facts = facts
        if retry_at is not None and not facts and not faults:
            self.text = until(self.sentence, next_minute(retry_at))
        else:
            self.text = self.sentence.fill({"retry_at": retry_at, "count": len(self.faults), **facts})
        super().__init__(f"{self.code}: {self.text.en}")


# What was sent


class Invalid(Refusal):
    code = "invalid-input"
    sentence = Text(
        en="What was sent has {count} fault(s); nothing was changed.",
        th="ข้อมูลที่ส่งมามีข้อผิดพลาด {count} แห่ง ยังไม่มีการเปลี่ยนแปลงใด ๆ",
    )


class TooLarge(Refusal):
    code = "too-large"
    sentence = Text(en="The body is larger than {limit} bytes.", th="ข้อมูลที่ส่งมามีขนาดเกิน {limit} ไบต์")


class RequestTimeout(Refusal):
    code = "request-timeout"
    sentence = Text(
        en="The body did not arrive in time: after {seconds} seconds there were {bytes} bytes of it. "
        "Nothing was changed; send it again.",
        th="ข้อมูลส่งมาไม่ครบภายในเวลา ผ่านไป {seconds} วินาทีได้รับ {bytes} ไบต์ ยังไม่มีการเปลี่ยนแปลงใด ๆ โปรดส่งใหม่",
    )


class NotFound(Refusal):
    code = "not-found"
    sentence = Text(en="There is no {what} `{id}` here.", th="ไม่พบ {what} `{id}`")


class AlreadyExists(Refusal):
    code = "already-exists"
    sentence = Text(en="There is already a {what} `{id}`.", th="มี {what} `{id}` อยู่แล้ว")


class KeyReused(Refusal):
    code = "idempotency-key-reused"
    sentence = Text(
        en="This Idempotency-Key was used before with another body.", th="Idempotency-Key นี้เคยใช้กับข้อมูลอื่นแล้ว"
    )


# Who is asking


class NotAuthenticated(Refusal):
    code = "not-authenticated"
    sentence = Text(en="Give a valid API key or candidate session.", th="โปรดระบุ API key หรือเซสชันผู้เข้าสอบที่ถูกต้อง")


class NotAllowed(Refusal):
    code = "not-allowed"
    sentence = Text(en="This API key lacks the scope `{scope}`.", th="API key นี้ไม่มีสิทธิ์ `{scope}`")


class LastAdminKey(Refusal):
    code = "last-admin-key"
    sentence = Text(
        en="This is the last API key with the scope `admin`; make another one first.",
        th="นี่คือ API key สุดท้ายที่มีสิทธิ์ `admin` โปรดสร้างคีย์ใหม่ก่อน",
    )


class LaunchUnknown(Refusal):
    code = "launch-unknown"
    sentence = Text(
        en="This launch link is not complete or not one of ours; open the course again from your learning system.",
        th="ลิงก์เข้าสอบนี้ไม่ครบถ้วนหรือไม่ใช่ของระบบนี้ โปรดเข้าสู่รายวิชาจากระบบเรียนอีกครั้ง",
    )


class LaunchUsed(Refusal):
    code = "launch-used"
    sentence = Text(
        en="This launch link was already used; open the course again from your learning system.",
        th="ลิงก์เข้าสอบนี้ถูกใช้ไปแล้ว โปรดเข้าสู่รายวิชาจากระบบเรียนอีกครั้ง",
    )


class LaunchExpired(Refusal):
    code = "launch-expired"
    sentence = Text(
        en="This launch link has expired; open the course again from your learning system.",
        th="ลิงก์เข้าสอบนี้หมดอายุแล้ว โปรดเข้าสู่รายวิชาจากระบบเรียนอีกครั้ง",
    )


class StaffLinkUnknown(Refusal):
    code = "staff-link-unknown"
    sentence = Text(
        en="This staff link is not complete, is not one of ours, or was withdrawn; open the exam again from your "
        "learning system.",
        th="ลิงก์เจ้าหน้าที่นี้ไม่ครบถ้วน ไม่ใช่ของระบบนี้ หรือถูกยกเลิกแล้ว โปรดเปิดหน้าการสอบจากระบบเรียนอีกครั้ง",
    )


class StaffLinkUsed(Refusal):
    code = "staff-link-used"
    sentence = Text(
        en="This staff link was already used; open the exam again from your learning system.",
        th="ลิงก์เจ้าหน้าที่นี้ถูกใช้ไปแล้ว โปรดเปิดหน้าการสอบจากระบบเรียนอีกครั้ง",
    )


class StaffLinkExpired(Refusal):
    code = "staff-link-expired"
    sentence = Text(
        en="This staff link has expired; open the exam again from your learning system.",
        th="ลิงก์เจ้าหน้าที่นี้หมดอายุแล้ว โปรดเปิดหน้าการสอบจากระบบเรียนอีกครั้ง",
    )


class TooManyRequests(Refusal):
    code = "too-many-requests"
    sentence = Text(
        en="Too many requests; try again from {retry_at}.",
        th="มีคำขอมากเกินไป โปรดลองใหม่ตั้งแต่วันที่ {retry_at}",
    )


class Unavailable(Refusal):
    code = "unavailable"
    sentence = Text(
        en="The service cannot do this just now; try again from {retry_at}.",
        th="ขณะนี้ระบบยังทำรายการนี้ไม่ได้ โปรดลองใหม่ตั้งแต่วันที่ {retry_at}",
    )


class Busy(Refusal):
    code = "busy"
    sentence = Text(
        en="Very many people are here just now, so new work has to wait a moment; nothing is lost. "
        "Try again from {retry_at}.",
        th="ขณะนี้มีผู้ใช้งานจำนวนมาก ระบบจึงขอให้รอสักครู่ ข้อมูลที่บันทึกแล้วไม่สูญหาย โปรดลองใหม่ตั้งแต่วันที่ {retry_at}",
    )


class TooManyMessages(Refusal):
    code = "too-many-messages"
    sentence = Text(en="At most {most} messages a day; nothing was sent.", th="ส่งได้วันละไม่เกิน {most} ข้อความ จึงยังไม่ได้ส่ง")


# Publishing and enrolling


class NotPublished(Refusal):
    code = "not-published"
    sentence = Text(en="Course `{course}` is not published yet.", th="หลักสูตร `{course}` ยังไม่เผยแพร่")


class NationalIdTaken(Refusal):
    code = "national-id-taken"
    sentence = Text(
        en="Another candidate, `{external_id}`, has this national id.",
        th="เลขประจำตัวประชาชนนี้เป็นของผู้เข้าสอบคนอื่น คือ `{external_id}`",
    )


# Attempts


class ConditionsNotMet(Refusal):
    code = "conditions-not-met"
    sentence = Text(
        en="“{exam}” opens when its conditions are met: {missing}", th="“{exam}” จะเปิดเมื่อครบเงื่อนไข: {missing}"
    )


class WindowNotOpen(Refusal):
    code = "window-not-open"
    sentence = Text(en="“{exam}” opens on {retry_at}.", th="“{exam}” จะเปิดวันที่ {retry_at}")


class WindowClosed(Refusal):
    code = "window-closed"
    sentence = Text(
        en="“{exam}” can no longer be started; its closing time is {closed_at}.",
        th="เริ่มทำ “{exam}” ไม่ได้แล้ว กำหนดปิดคือวันที่ {closed_at}",
    )


class AttemptsExhausted(Refusal):
    code = "attempts-exhausted"
    sentence = Text(en="All {limit} attempts at “{exam}” have been used.", th="ใช้สิทธิ์ทำ “{exam}” ครบ {limit} ครั้งแล้ว")


class CoolingDown(Refusal):
    code = "cooling-down"
    sentence = Text(en="You can try “{exam}” again from {retry_at}.", th="ทำ “{exam}” ใหม่ได้ตั้งแต่วันที่ {retry_at}")


class AlreadyPassed(Refusal):
    code = "already-passed"
    sentence = Text(en="“{exam}” has been passed; it need not be taken again.", th="ผ่าน “{exam}” แล้ว ไม่ต้องทำซ้ำ")


class MovedToOtherDevice(Refusal):
    code = "moved-to-other-device"
    sentence = Text(
        en="This attempt was opened on another device; go on there, or open it here again.",
        th="การสอบนี้ถูกเปิดบนอุปกรณ์อื่นแล้ว โปรดทำต่อที่นั่น หรือเปิดที่นี่อีกครั้ง",
    )


class DeadlinePassed(Refusal):
    code = "deadline-passed"
    sentence = Text(
        en="Time was up on {deadline}; what was saved until then is counted.",
        th="หมดเวลาเมื่อวันที่ {deadline} ระบบนับคำตอบที่บันทึกไว้ก่อนหน้านั้น",
    )


class AttemptEnded(Refusal):
    code = "attempt-ended"
    sentence = Text(en="This attempt has already been handed in.", th="การสอบครั้งนี้ส่งไปแล้ว")


class AttemptVoided(Refusal):
    code = "attempt-voided"
    sentence = Text(en="This attempt was voided by staff.", th="การสอบครั้งนี้ถูกยกเลิกโดยเจ้าหน้าที่")


class AttemptRunning(Refusal):
    code = "attempt-running"
    sentence = Text(en="This attempt is still running.", th="การสอบครั้งนี้ยังไม่สิ้นสุด")


class OtherAttemptRunning(Refusal):
    code = "other-attempt-running"
    sentence = Text(
        en="The candidate is taking attempt {number} at this exam; end that one first.",
        th="ผู้เข้าสอบกำลังทำการสอบนี้ครั้งที่ {number} อยู่ โปรดให้สิ้นสุดครั้งนั้นก่อน",
    )


class CertificateStands(Refusal):
    code = "certificate-stands"
    sentence = Text(
        en="Certificate {certificate} rests on the result of this attempt; revoke it first.",
        th="วุฒิบัตร {certificate} ออกตามผลการสอบครั้งนี้ โปรดเพิกถอนวุฒิบัตรก่อน",
    )


class LateSaveDecided(Refusal):
    code = "late-save-decided"
    sentence = Text(
        en="These responses have been accepted already, and count.",
        th="คำตอบชุดนี้ได้รับการยอมรับและนับคะแนนไปแล้ว",
    )


class SequenceReused(Refusal):
    code = "sequence-reused"
    sentence = Text(
        en="Save number {seq} of this device was already received with other responses.",
        th="การบันทึกลำดับที่ {seq} ของอุปกรณ์นี้เคยรับไว้แล้วด้วยคำตอบอื่น",
    )


class ReviewNotOpen(Refusal):
    code = "review-not-open"
    sentence = Text(en="The review of this attempt is not open.", th="ยังไม่เปิดให้ทบทวนการสอบครั้งนี้")


# Certificates


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
