"""The port Signer over the vault and a PKCS#11 module side by side, against SoftHSM2."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from exam_service.adapters.crypto import pkcs11 as adapter
from exam_service.adapters.crypto import signers
from exam_service.adapters.crypto.keyring import Keyring
from exam_service.adapters.crypto.pkcs11 import Token, reference
from exam_service.adapters.crypto.signers import HsmUnusable, Signers
from exam_service.adapters.crypto.vault import CannotOpen, Vault, new_master
from exam_service.core.errors import SigningFailed, Unavailable
from tests.support.softhsm import SoftHsm

NOW = datetime(2026, 11, 22, tzinfo=UTC)
VAULT = Vault(bytes(32))


def signing(hsm: SoftHsm | None) -> Signers:
    token = Token(hsm.module, hsm.token, hsm.pin) if hsm else None
    return Signers(Keyring(VAULT), token, lambda: NOW)


def state(both: Signers) -> str:
    return both.hsm


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure it is asked again at once."""
    monkeypatch.setattr(adapter, "REST_SECONDS", 0.0)


async def test_keys_of_both_kinds_live_side_by_side(softhsm: SoftHsm) -> None:
    both = signing(softhsm)
    for kept in ("vault", "hsm"):
        public, sealed = await both.create(kept)
        assert both.kept(sealed) == kept
        signature = both.sign(sealed, b"message")
        assert signature == await both.sign_aside(sealed, b"message") == await both.sign_aside(sealed, b"message")
        assert both.verify(public, b"message", signature)
    await both.prove(needed=True)
    assert both.hsm == "ready"
    both.close()
    _, sealed = await both.create()
    with pytest.raises(CannotOpen):
        Signers(Keyring(Vault(new_master())), None, lambda: NOW).sign(sealed, b"message")


async def test_without_a_module_only_the_vault_signs(softhsm: SoftHsm, caplog: pytest.LogCaptureFixture) -> None:
    both, alone = signing(softhsm), signing(None)
    _, in_module = await both.create("hsm")
    assert alone.hsm == "none"
    public, sealed = await alone.create()
    assert alone.verify(public, b"message", alone.sign(sealed, b"message"))
    with pytest.raises(SigningFailed):
        await alone.sign_aside(in_module, b"message")
    with pytest.raises(SigningFailed):
        await alone.create("hsm")
    assert "EXAM_PKCS11_MODULE is not set" in caplog.text
    await alone.prove()
    with pytest.raises(HsmUnusable) as caught:
        await alone.prove(needed=True)
    assert [fault.path for fault in caught.value.faults] == ["EXAM_PKCS11_MODULE"]
    both.close()


async def test_a_module_that_is_away_is_a_refusal_that_says_when_to_come_again(
    softhsm: SoftHsm, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signers, "LOOK_SECONDS", 0.0)
    both = signing(softhsm)
    public, sealed = await both.create("hsm")
    known = await both.sign_aside(sealed, b"before")
    softhsm.pull_out()
    for _ in range(3):
        with pytest.raises(Unavailable) as caught:
            await both.sign_aside(sealed, b"message")
        assert caught.value.retry_at == NOW + signers.RETRY
    assert state(both) == "away"
    assert await both.sign_aside(sealed, b"before") == known, "what was signed ahead is at hand"
    assert caplog.text.count("cannot be used") == 1
    assert "Traceback" not in caplog.text
    softhsm.put_back()
    signature = await both.sign_aside(sealed, b"message")
    assert both.verify(public, b"message", signature)
    assert state(both) == "ready"
    assert "is back" in caplog.text
    both.close()


async def test_a_module_that_comes_back_is_noticed_though_nobody_signs(
    softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signers, "LOOK_SECONDS", 0.0)
    both = signing(softhsm)
    _, sealed = await both.create("hsm")

    async def becomes(wanted: str) -> None:
        for _ in range(1_000):
            if state(both) == wanted:
                return
            await asyncio.sleep(0.01)
        pytest.fail(f"it never became {wanted}")

    await both.sign_aside(sealed, b"message")
    softhsm.pull_out()
    await becomes("away")
    softhsm.put_back()
    await becomes("ready")
    both.close()


async def test_a_module_that_hangs_holds_nobody_up(
    softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(signers, "PATIENCE_SECONDS", 0.2)
    both = signing(softhsm)
    public, sealed = await both.create("hsm")
    goes_on, real = threading.Event(), Token.sign

    def hanging(self: Token, sealed: bytes, message: bytes) -> bytes:
        goes_on.wait(20)
        return real(self, sealed, message)

    with monkeypatch.context() as patch:
        patch.setattr(Token, "sign", hanging)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await both.sign_aside(sealed, b"message")
        assert state(both) == "away"
        _, vaulted = await both.create()
        assert both.sign(vaulted, b"message"), "the vault goes on"
        goes_on.set()
        assert both._hangs is not None
        both._hangs.result(10)
    assert state(both) == "ready"
    assert both.verify(public, b"message", await both.sign_aside(sealed, b"message"))
    both.close()


async def test_a_module_that_hangs_while_nobody_signs_is_noticed(
    softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signers, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(signers, "PATIENCE_SECONDS", 0.1)
    both = signing(softhsm)
    goes_on, looks, found = threading.Event(), [], ""

    def hanging(self: Token) -> bytes:
        looks.append(self)
        goes_on.wait(20)
        return b""

    with monkeypatch.context() as patch:
        patch.setattr(Token, "answers", hanging)
        assert state(both) == "ready"
        for _ in range(50):
            await asyncio.sleep(0.01)
            found = state(both)
        assert (found, len(looks)) == ("away", 1)
        goes_on.set()
    for _ in range(500):
        if state(both) == "ready":
            break
        await asyncio.sleep(0.01)
    assert state(both) == "ready"
    both.close()


async def test_a_key_that_is_gone_fails_alone(softhsm: SoftHsm, caplog: pytest.LogCaptureFixture) -> None:
    both = signing(softhsm)
    public, sealed = await both.create("hsm")
    with pytest.raises(SigningFailed):
        await both.sign_aside(reference("exam", b"12345678"), b"message")
    assert "no private key with CKA_ID 3132333435363738" in caplog.text
    assert both.verify(public, b"message", await both.sign_aside(sealed, b"message"))
    both.close()
