"""Whether the issuance log is what it says: everything is computed again from its entries and the certificates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from exam_service.core.certificates import issuance_log as log
from exam_service.core.certificates.did import organisation_did
from exam_service.core.certificates.growing import EMPTY, Growth, root
from exam_service.core.certificates.keys import KeyRecord, KeyState
from exam_service.core.certificates.merkle import leaf_hash, root_from
from exam_service.core.certificates.record import CertificateRecord, LogEntry, LogHead
from exam_service.core.certificates.verdict import differences
from exam_service.core.certificates.verify import facts_of
from exam_service.core.certificates.words import Unreadable
from exam_service.core.records import Organisation
from exam_service.core.text import Text
from exam_service.services import issuance_log
from exam_service.services.context import Context
from exam_service.services.ports import Tx

PAGE = 500
LATE = timedelta(hours=24)
"""What says that it was issued so long before it was entered is told."""
MOST_FAULTS = 1_000
"""So many are told; one is enough to know that something is wrong."""

_WORDS: dict[str, Text] = {
    "no-entry": Text(en="Entry {what} is missing.", th="ไม่พบลำดับที่ {what}"),
    "no-certificate": Text(
        en="The certificate of entry {what} is missing, or is not signed.", th="ไม่พบวุฒิบัตรของลำดับที่ {what} หรือยังไม่ได้ลงนาม"
    ),
    "broken-record": Text(
        en="What the register holds of certificate {what} cannot be read.", th="ข้อมูลในทะเบียนของวุฒิบัตร {what} อ่านไม่ได้"
    ),
    "other-certificate": Text(
        en="Certificate {what} is not the one that was entered.", th="วุฒิบัตร {what} ไม่ตรงกับที่บันทึกไว้"
    ),
    "other-record": Text(
        en="The register says something else than certificate {what} itself: it was changed after it was signed, or "
        "signed with another name or date.",
        th="ทะเบียนไม่ตรงกับข้อความในวุฒิบัตร {what} เอง ทะเบียนถูกแก้ไขหลังลงนาม หรือวุฒิบัตรลงนามด้วยชื่อหรือวันที่อื่น",
    ),
    "wrong-proof": Text(
        en="The proof that is stored with certificate {what} does not lead into this log.",
        th="หลักฐานที่เก็บไว้กับวุฒิบัตร {what} ไม่นำไปสู่บันทึกนี้",
    ),
    "unsigned-proof": Text(
        en="No key that this log ever had has signed the checkpoint in the proof of certificate {what}.",
        th="จุดตรวจในหลักฐานของวุฒิบัตร {what} ไม่ได้ลงนามด้วยกุญแจใดของบันทึกนี้",
    ),
    "lost-proof": Text(
        en="The proof of certificate {what} was signed by a key of this log that was lost: it says nothing any more.",
        th="หลักฐานของวุฒิบัตร {what} ลงนามด้วยกุญแจของบันทึกที่ไม่ปลอดภัยแล้ว จึงใช้ยืนยันไม่ได้",
    ),
    "beyond-head": Text(
        en="There is an entry {what}, which no checkpoint speaks of.", th="มีลำดับที่ {what} ซึ่งไม่มีจุดตรวจใดกล่าวถึง"
    ),
    "entered-late": Text(
        en="Certificate {what} says that it was issued long before it was entered: it was left unsigned, or is older "
        "than the log, or was dated back.",
        th="วุฒิบัตร {what} ระบุวันที่ออกก่อนวันที่บันทึกไว้นาน อาจค้างลงนาม ออกก่อนมีบันทึก หรือลงวันที่ย้อนหลัง",
    ),
    "entered-early": Text(
        en="Certificate {what} was entered before the time at which it says that it was issued.",
        th="วุฒิบัตร {what} ถูกบันทึกก่อนเวลาที่ระบุว่าออก",
    ),
    "time-falls": Text(
        en="The checkpoint of {what} entries says an earlier time than one before it: a clock was wrong.",
        th="จุดตรวจที่มี {what} รายการระบุเวลาก่อนจุดตรวจก่อนหน้า แสดงว่านาฬิกาเคยผิด",
    ),
    "not-entered": Text(
        en="Certificate {what} is signed and was never entered.", th="วุฒิบัตร {what} ลงนามแล้วแต่ไม่มีในบันทึก"
    ),
    "wrong-head": Text(en="The head of the log is not that of its entries.", th="ส่วนหัวของบันทึกไม่ตรงกับรายการในบันทึก"),
    "wrong-subtree": Text(en="The stored hash of subtree {what} is wrong.", th="ค่าแฮชของกิ่ง {what} ที่เก็บไว้ไม่ถูกต้อง"),
    "wrong-checkpoint": Text(
        en="The newest checkpoint is not of this log as it is, or is not rightly signed.",
        th="จุดตรวจล่าสุดไม่ตรงกับบันทึกนี้ หรือลายมือชื่อไม่ถูกต้อง",
    ),
    "rewritten": Text(
        en="The log is not the one of the checkpoint of {what} entries: it was rewritten or cut since.",
        th="บันทึกไม่ตรงกับจุดตรวจที่มี {what} รายการ แสดงว่ามีการแก้ไขหรือตัดบันทึกหลังจากนั้น",
    ),
    "other-log": Text(en="`{what}` is the checkpoint of another log.", th="`{what}` เป็นจุดตรวจของบันทึกอื่น"),
}


class LogFault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong in a log, or that somebody should know."""

    code: str
    what: str
    sentence: Text


class LogReport(msgspec.Struct, kw_only=True):
    """What an audit found."""

    organisation: str
    origin: str
    size: int
    root: bytes = EMPTY
    checked: int = 0
    """Entries so far."""
    faults: list[LogFault] = msgspec.field(default_factory=list)
    notices: list[LogFault] = msgspec.field(default_factory=list)
    """Times that somebody should look at: there are honest reasons for them, and others."""

    def fault(self, code: str, what: object = "") -> None:
        self._add(self.faults, code, what)

    def notice(self, code: str, what: object) -> None:
        self._add(self.notices, code, what)

    def _add(self, to: list[LogFault], code: str, what: object) -> None:
        if len(to) < MOST_FAULTS:
            to.append(LogFault(code=code, what=str(what), sentence=_WORDS[code].fill({"what": str(what)})))


async def audit(
    ctx: Context,
    organisation: Organisation,
    against: Sequence[bytes] = (),
    progress: Callable[[LogReport], None] = lambda _: None,
) -> LogReport:
    """Compute the whole log again. `against` are checkpoints that somebody kept; Unreadable when one is none.

    Everything is read from one snapshot, so the service may go on issuing.
    """
    did = organisation_did(ctx.policy.public_url, organisation.slug)
    kept = [log.read_checkpoint(note) for note in against]
    async with ctx.store.read(organisation.id) as tx:
        head = await tx.issuance_log.head()
        public = await tx.keys.all()
        # The same log under an earlier address of the service.
        names = {log.origin_of(one): one for one in (did, *(key.did for key in public if key.purpose == "log"))}
        report = LogReport(organisation=organisation.slug, origin=log.origin_of(did), size=head.size)
        signed_at = partial(_signed_at, {}, names, public, ctx.signer.verify)
        once_good = partial(_signed_at, {}, names, [_as_if_good(key) for key in public], ctx.signer.verify)
        walk = _Walk(report, {one.size for one in kept}, signed_at, once_good)
        while report.checked < head.size:
            entries = await tx.issuance_log.entries(report.checked, min(PAGE, head.size - report.checked))
            gap = next((n for n, one in enumerate(entries, report.checked) if one.number != n), None)
            if gap is not None or not entries:
                report.fault("no-entry", report.checked if gap is None else gap)
                break
            certificates = await _certificates(tx, report, [one.certificate for one in entries])
            for level, number, digest in walk.over(entries, certificates):
                if list(await tx.issuance_log.subtrees(level, number, 1)) != [digest]:
                    report.fault("wrong-subtree", f"{level}/{number}")
            progress(report)
        for beyond in await tx.issuance_log.entries(head.size, MOST_FAULTS):
            report.fault("beyond-head", beyond.number)
        for id in await tx.certificates.unentered(MOST_FAULTS):
            report.fault("not-entered", id)
    walk.end()
    report.root = walk.root
    if head.size or head.note:
        _head(report, head, walk, signed_at)
    for one in kept:
        if one.origin not in names:
            report.fault("other-log", one.origin)
        elif walk.roots.get(one.size) != one.root:
            report.fault("rewritten", one.size)
    return report


async def _certificates(tx: Tx, report: LogReport, ids: list[str]) -> Mapping[str, CertificateRecord]:
    """Those that the register has. A row that cannot be read is a fault and ends nothing."""
    try:
        return await tx.certificates.several(ids)
    except msgspec.MsgspecError:
        found: dict[str, CertificateRecord] = {}
        for id in ids:
            try:
                found |= await tx.certificates.several([id])
            except msgspec.MsgspecError:
                report.fault("broken-record", id)
        return found


SignedAt = Callable[[bytes], datetime | None]
"""When a checkpoint was signed, as `log.signed_at`; Unreadable for one that is wrong."""


def _signed_at(
    known: dict[bytes, datetime | None],
    names: Mapping[str, str],
    public: Sequence[KeyRecord],
    verify: log.Check,
    note: bytes,
) -> datetime | None:
    # Many certificates share one.
    if note not in known:
        did = names.get(log.read_checkpoint(note).origin)
        if did is None:
            raise Unreadable("log-proof-wrong", "the checkpoint is another log's")
        known[note] = log.signed_at(note, did, public, verify)
    return known[note]


def _as_if_good(key: KeyRecord) -> KeyRecord:
    return msgspec.structs.replace(key, state=KeyState.active, compromised_at=None, retired_at=None)


def _head(report: LogReport, head: LogHead, walk: "_Walk", signed_at: SignedAt) -> None:
    if (head.size, head.peaks) != (walk.size, walk.peaks):
        report.fault("wrong-head")
    try:
        said = log.read_checkpoint(head.note)
        at = signed_at(head.note)
    except Unreadable:
        report.fault("wrong-checkpoint")
        return
    if at is None or (said.size, said.root) != (walk.size, walk.root):
        report.fault("wrong-checkpoint")


def _says_what_is_on_record(record: CertificateRecord) -> bool:
    """Whether the times of the register, by which an entry is called late, are those that were signed; and the rest."""
    try:
        return not differences(facts_of(record.credential or b""), record.issuance)
    except ValueError:
        return False


class _Walk:
    """The log from its first entry on: never more than a page of it in memory."""

    def __init__(self, report: LogReport, sizes: Iterable[int], signed_at: SignedAt, once_good: SignedAt) -> None:
        self._report = report
        self._signed_at = signed_at
        self._once_good = once_good
        """As if none of the log's keys had been lost."""
        self._times: dict[int, datetime] = {}
        """size -> when a checkpoint of that size was signed, of those in proofs"""
        self._asked = set(sizes)
        self._proofs: dict[int, list[tuple[str, bytes | None]]] = {}
        """size -> the certificates whose proof is as of it, each with the root that the proof leads to"""
        self.size, self.peaks, self.root = 0, b"", EMPTY
        self.roots = {0: EMPTY}
        """Of the sizes that were asked for."""

    def over(
        self, entries: Sequence[LogEntry], certificates: Mapping[str, CertificateRecord]
    ) -> list[tuple[int, int, bytes]]:
        """The next entries; (level, number, digest) of the subtrees that they completed."""
        for entry in entries:
            self._check(entry, certificates.get(entry.certificate))
        growth = Growth(self.size, self.peaks, [leaf_hash(entry.digest) for entry in entries])
        within = range(growth.before + 1, growth.size + 1)
        for size in (self._asked | self._proofs.keys()) & set(within):
            self.roots[size] = root(size, growth.node)
        for size in self._proofs.keys() & set(within):
            for certificate, leads_to in self._proofs.pop(size):
                if leads_to != self.roots[size]:
                    self._report.fault("wrong-proof", certificate)
        self.size, self.peaks, self.root = growth.size, growth.known, growth.root
        self._report.checked = self.size
        return [(level // log.HEIGHT, number, digest) for level, number, digest in growth.completed(log.HEIGHT)]

    def _check(self, entry: LogEntry, record: CertificateRecord | None) -> None:
        if record is None or record.credential is None:
            self._report.fault("no-certificate", entry.number)
            return
        try:
            proof = log.read_proof(record.log_proof or b"")
            checkpoint = log.read_checkpoint(proof.note)
        except Unreadable:
            self._report.fault("wrong-proof", record.id)
            return
        try:
            same = issuance_log.entry_of(record, proof.salt) == entry.digest
        except ValueError:
            same = False
        if not same:
            self._report.fault("other-certificate", record.id)
        elif not _says_what_is_on_record(record):
            self._report.fault("other-record", record.id)
        self._time(record, proof.note, checkpoint.size)
        leads_to = root_from(entry.digest, proof.index, checkpoint.size, proof.path)
        fits = proof.index == entry.number and leads_to == checkpoint.root
        self._proofs.setdefault(checkpoint.size, []).append((record.id, checkpoint.root if fits else None))

    def _time(self, record: CertificateRecord, note: bytes, size: int) -> None:
        try:
            at = self._signed_at(note)
        except Unreadable:
            self._report.fault("wrong-proof", record.id)
            return
        if at is None and self._once_good(note) is None:
            self._report.fault("unsigned-proof", record.id)
            return
        if at is None:
            self._report.notice("lost-proof", record.id)
            return
        self._times[size] = at
        if at - record.issuance.issued_at > LATE:
            self._report.notice("entered-late", record.id)
        elif record.issuance.issued_at > at:
            self._report.notice("entered-early", record.id)

    def end(self) -> None:
        """Proofs as of a size that the log never had, and the order of their times."""
        latest = datetime.min.replace(tzinfo=UTC)
        for size, at in sorted(self._times.items()):
            if at < latest:
                self._report.notice("time-falls", size)
            latest = max(latest, at)
        for of_size in self._proofs.values():
            for certificate, _ in of_size:
                self._report.fault("wrong-proof", certificate)
