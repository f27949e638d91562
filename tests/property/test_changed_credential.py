"""Every byte of a credential counts; too slow for the unit tests, for each one is canonicalised anew."""

from tests.support.issuing import NOW, Issuer, issuance, verdict_on

ISSUER = Issuer()


def test_a_changed_byte_anywhere_in_the_credential_is_not_accepted() -> None:
    document = ISSUER.credential(issuance())
    trust = ISSUER.trust(ISSUER.status_list([], NOW))
    for at in range(len(document)):
        altered = bytearray(document)
        altered[at] ^= 0x01
        verdict = verdict_on(bytes(altered), trust)
        assert verdict.outcome != "genuine", document[at - 20 : at + 20]
        assert verdict.status == "unknown"
