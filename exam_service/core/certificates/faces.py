"""Several faces of one certificate judged together: each by itself, and whether they say the same.

A PDF carries its credential and shows its QR; whoever changes one of the two, or puts the code of another certificate
on a page, is found by the other.
"""

from collections.abc import Collection, Sequence
from itertools import zip_longest

import msgspec

from exam_service.core.certificates.qr_token import id_of, is_shortened
from exam_service.core.certificates.verdict import Facts, Verdict, added, failed, forged, passed, untold
from exam_service.core.certificates.words import NOTHING_TO_JUDGE
from exam_service.core.text import Text

MOST = 8
"""So many faces are looked at; nobody has more of one certificate."""

NO_FACE = Text(en="no QR code and no credential of a certificate is in it", th="ไม่พบ QR หรือเอกสารวุฒิบัตรในไฟล์นี้")

_WORST_FIRST = ("not_genuine", "unknown", "genuine")
_EXACT = ("id", "issued_at", "valid_until", "status_list", "status_index", "kid", "did")
_TEXTS = ("recipient_name", "course_title", "course_code")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The faces that were found in what somebody brought."""

    credentials: tuple[bytes, ...] = ()
    """Documents in JSON, as they were found."""
    qr_texts: tuple[str, ...] = ()
    log_proofs: tuple[bytes, ...] = ()
    """Of the issuance log, each of the credential in the same place."""

    def documents(self) -> list[tuple[bytes, bytes | None]]:
        """The credentials, no more than MOST, each with its proof."""
        return list(zip_longest(self.credentials[:MOST], self.log_proofs[: len(self.credentials[:MOST])]))

    def codes(self) -> dict[str, str]:
        """Those of the texts that are of certificates, each with its certificate's id, and no more than MOST.

        Codes of other things beside them, however many, must not push out these.
        """
        found = [(text, id) for text in self.qr_texts if (id := id_of(text)) is not None]
        return dict(found[:MOST])


def together(verdicts: Sequence[Verdict], named: Collection[str] = ()) -> Verdict:
    """The verdict on all of them: of the worst; when each is genuine, of the one that says most, with step (7).

    A bare address beside a signed face says nothing against it, unless it is another certificate's: `named` are the
    ids that were read in addresses. ValueError when there is no verdict at all.
    """
    verdicts = [one for one in verdicts if one.steps[0].code not in NOTHING_TO_JUDGE] or verdicts[:1]
    if len(verdicts) == 1 and not (verdicts[0].facts and set(named) - {verdicts[0].facts.id}):
        return verdicts[0]
    # What the log vouches for is vouched for on every face that says the same: see `_unlike` below.
    logged = any(step.code == "key-logged" for one in verdicts for step in one.steps)
    doubted = [one for one in verdicts if not (logged and _only_its_key_was_stolen(one))]
    worst = min(doubted, key=lambda one: _WORST_FIRST.index(one.outcome))
    if worst.outcome != "genuine":
        return added(worst, untold("faces", "not-checked"))
    # Only a credential has everything; a QR may have cut the names.
    whole = next((one for one in verdicts if one.facts and one.facts.kind is not None), verdicts[0])
    unlike = {name for other in verdicts for name in _unlike(other.facts, whole.facts)}
    if whole.facts and set(named) - {whole.facts.id}:
        unlike.add("id")
    if unlike:
        return forged(whole, failed("faces", "faces-differ", fields=", ".join(sorted(unlike))))
    return added(whole, passed("faces", "faces-agree"))


def _only_its_key_was_stolen(one: Verdict) -> bool:
    """Whether nothing speaks against it but that somebody else has had its key since."""
    codes = {step.name: step.code for step in one.steps}
    return (codes["key_good"], codes["signature"]) == ("key-compromised-since", "signature-good")


def _unlike(one: Facts | None, other: Facts | None) -> list[str]:
    """The facts in which two faces differ."""
    if one is None or other is None:
        return ["id"]
    found = [name for name in _EXACT if getattr(one, name) != getattr(other, name)]
    texts = ((name, getattr(one, name), getattr(other, name)) for name in _TEXTS)
    return found + [name for name, a, b in texts if not (is_shortened(a, b) or is_shortened(b, a))]
