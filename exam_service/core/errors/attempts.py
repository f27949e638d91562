"""Refusals around enrolments and attempts."""

from exam_service.core.errors.base import Refusal
from exam_service.core.text import Text

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
