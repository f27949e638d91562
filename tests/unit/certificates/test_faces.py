"""Several faces of one certificate: the worst decides, and genuine ones must say the same."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from exam_service.core.certificates.faces import MOST, Evidence, together
from exam_service.core.certificates.verdict import Verdict
from tests.support.issuing import NOW, Issuer, issuance, verdict_on

ISSUER = Issuer()
TRUST = ISSUER.trust(ISSUER.status_list([], NOW))
FACTS = issuance()
LONG = issuance(recipient_name="นางสาวสมหญิง" + " ใจดีมีสุข" * 14)


def judged(*evidence: str | bytes) -> list[Verdict]:
    return [verdict_on(one, TRUST) for one in evidence]


def seventh(verdict: Verdict) -> tuple[str, str, bool | None]:
    assert [step.number for step in verdict.steps] == [1, 2, 3, 4, 5, 6, 7]
    return verdict.outcome, verdict.steps[6].code, verdict.steps[6].passed


def both_ways(verdicts: Sequence[Verdict]) -> Verdict:
    one, other = together(verdicts), together(list(reversed(verdicts)))
    assert one == other, "the order in which they were found says nothing"
    return one


def test_one_face_is_judged_as_ever() -> None:
    (alone,) = judged(ISSUER.qr(FACTS))
    assert together([alone]) == alone


@pytest.mark.parametrize("facts", [FACTS, LONG], ids=["whole", "cut"])
def test_faces_of_one_certificate_agree_also_where_the_qr_had_to_cut(facts: object) -> None:
    verdict = both_ways(judged(ISSUER.credential(facts), ISSUER.qr(facts)))  # type: ignore[arg-type]
    assert seventh(verdict) == ("genuine", "faces-agree", True)
    assert verdict.status == "stands"
    assert verdict.facts is not None
    assert verdict.facts.kind == "certificate", "the one that says more"


@pytest.mark.parametrize(
    "other, fields",
    [
        ({"id": "B" * 16}, "id"),
        ({"recipient_name": "นายสมชาย ใจดี"}, "recipient_name"),
        ({"issued_at": FACTS.issued_at + timedelta(days=1)}, "issued_at"),
        ({"id": "B" * 16, "status_index": 9, "recipient_name": "นายสมชาย"}, "id, recipient_name, status_index"),
    ],
)
def test_two_genuine_faces_that_say_different_things_are_no_certificate(other: dict[str, object], fields: str) -> None:
    verdict = both_ways(judged(ISSUER.credential(FACTS), ISSUER.qr(issuance(**other))))
    assert seventh(verdict) == ("not_genuine", "faces-differ", False)
    assert verdict.facts is None
    assert f"({fields})" in (verdict.steps[6].sentence.en or "")


def test_one_that_is_forged_or_of_a_stranger_spoils_all() -> None:
    stranger = Issuer("somebody else")
    forged = together(judged(ISSUER.credential(FACTS), ISSUER.qr(FACTS)[:-9] + "123456789"))
    assert (forged.outcome, forged.steps[-1].code) == ("not_genuine", "not-checked")
    unknown = both_ways(judged(ISSUER.credential(FACTS), stranger.qr(FACTS)))
    assert seventh(unknown) == ("unknown", "not-checked", None)


def test_a_bare_address_beside_a_signed_face_says_nothing() -> None:
    bare = ISSUER.qr(FACTS).partition("#")[0]
    credential, _ = judged(ISSUER.credential(FACTS), bare)
    assert both_ways(judged(ISSUER.credential(FACTS), bare)) == credential
    assert together(judged(bare)).steps[0].code == "no-token"


def test_the_address_of_another_certificate_beside_a_signed_face_speaks_against_it() -> None:
    credential, bare = ISSUER.credential(FACTS), ISSUER.qr(issuance(id="B" * 16)).partition("#")[0]
    given = Evidence(credentials=(credential,), qr_texts=("https://example.org/", bare))
    assert given.codes() == {bare: "B" * 16}
    verdict = together(judged(credential, bare), given.codes().values())
    assert seventh(verdict) == ("not_genuine", "faces-differ", False)
    assert "(id)" in (verdict.steps[6].sentence.en or "")
    own = ISSUER.qr(FACTS).partition("#")[0]
    assert together(judged(credential, own), [FACTS.id]) == judged(credential)[0]


def test_codes_of_other_things_do_not_push_out_those_of_certificates() -> None:
    qr = ISSUER.qr(FACTS)
    others = tuple(f"https://example.org/{number}" for number in range(20))
    assert Evidence(qr_texts=(*others, qr)).codes() == {qr: FACTS.id}
    assert len(Evidence(qr_texts=tuple(f"{qr.partition('#')[0]}#{n}" for n in range(100, 200))).codes()) == MOST
