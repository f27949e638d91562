"""Refusals of what was sent, and of who is asking."""

from exam_service.core.errors.base import Refusal
from exam_service.core.text import Text


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
