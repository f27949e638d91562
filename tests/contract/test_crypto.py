"""Keys and sealing: what is sealed opens only for its place, and a bad signature is never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.keyring import Keyring
from exam_service.adapters.crypto.vault import CannotOpen, Vault, new_master

VAULT = Vault(bytes(range(32)))


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_opens_for_its_own_context(plain: bytes, context: str) -> None:
    sealed = VAULT.seal(plain, context)
    assert VAULT.open(sealed, context) == plain
    assert VAULT.seal(plain, context) != sealed
    with pytest.raises(CannotOpen):
        VAULT.open(sealed, context + "x")


@given(st.integers(0, 1000), st.integers(1, 255))
def test_a_changed_byte_anywhere_does_not_open(place: int, flip: int) -> None:
    sealed = bytearray(VAULT.seal(b"1234567890123", "candidate:cnd_1"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(CannotOpen):
        VAULT.open(bytes(sealed), "candidate:cnd_1")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" * 28, b"\x02" * 60])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(CannotOpen):
        VAULT.open(sealed, "x")


def test_another_master_key_opens_and_matches_nothing() -> None:
    other = Vault(new_master())
    with pytest.raises(CannotOpen):
        other.open(VAULT.seal(b"x", "c"), "c")
    assert other.blind("1101700230705") != VAULT.blind("1101700230705")
    assert not other.mac_is_good(b"token", VAULT.mac(b"token"))


def test_the_three_keys_are_different_ones() -> None:
    assert VAULT.blind("same") != VAULT.mac(b"same")
    assert VAULT.blind("same") == VAULT.blind("same")
    assert VAULT.mac_is_good(b"same", VAULT.mac(b"same"))
    assert not VAULT.mac_is_good(b"same", VAULT.mac(b"other"))
    assert not VAULT.mac_is_good(b"same", b"")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_master_key_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(size))


def test_derived_keys_stay_as_they_are_between_releases() -> None:
    # Changing these would make every stored national id unfindable and every session end.
    assert VAULT.blind("1101700230705").hex() == BLIND
    assert VAULT.mac(b"token").hex() == MAC
    assert VAULT.open(bytes.fromhex(SEALED), "golden") == b"sealed by the first release"


BLIND = "8a8abcb78703e6004cac0b151fcee2dc5b64e5fff1912c2cdddfb4105dc9db13"
MAC = "45e9c28fed711d37e624fa871167659736fe592903fbce3fccf98b751b9277d5"
SEALED = (
    "015a7408d7291fec5bb2c1ae64f77418f1dc14f84f64b4291f138e5d9c94a21985a78e080629294a7ee4e2993adb365b3f2c9c3d9294c27a"
)


# Signatures


def test_rfc_8032_test_3() -> None:
    seed = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert ed25519.public_of(seed) == public
    assert ed25519.sign(seed, b"\xaf\x82") == signature
    assert ed25519.verify(public, b"\xaf\x82", signature)


@given(st.binary(max_size=80), st.binary(max_size=40), st.binary(max_size=80))
def test_a_malformed_signature_or_key_is_a_bad_one(public: bytes, message: bytes, signature: bytes) -> None:
    assert ed25519.verify(public, message, signature) is False


def test_a_keyring_signs_with_a_sealed_key_of_its_own_vault_only() -> None:
    ring = Keyring(VAULT)
    public, sealed = ring.create()
    assert ring.verify(public, b"message", ring.sign(sealed, b"message"))
    assert not ring.verify(public, b"other", ring.sign(sealed, b"message"))
    with pytest.raises(CannotOpen):
        Keyring(Vault(new_master())).sign(sealed, b"message")
    other_public, _ = ring.create()
    with pytest.raises(CannotOpen):
        ring.sign(other_public + sealed[32:], b"message")


def test_a_keyring_keeps_only_so_many_keys_open() -> None:
    ring = Keyring(VAULT, keep=2)
    keys = [ring.create() for _ in range(5)]
    for _ in range(2):
        for public, sealed in keys:
            assert ring.verify(public, b"m", ring.sign(sealed, b"m"))
    assert len(ring._opened) == 2


def test_a_sealed_key_does_not_show_its_seed() -> None:
    seed, public = ed25519.generate()
    sealed = Keyring(VAULT).adopt(seed)
    assert seed not in sealed
    assert sealed.startswith(public)
