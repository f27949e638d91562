"""Keys in a PKCS#11 module, against SoftHSM2: made there, used there, and never outside."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto import pkcs11 as adapter
from exam_service.adapters.crypto.pkcs11 import Away, CannotUse, NoSuchKey, Token, key_id_of, reference
from exam_service.core.certificates.keys import kid_of
from tests.support.softhsm import SoftHsm


def token(hsm: SoftHsm, **other: str) -> Token:
    given = {"label": hsm.token, "pin": hsm.pin} | other
    return Token(hsm.module, given["label"], given["pin"])


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure it is asked again at once."""
    monkeypatch.setattr(adapter, "REST_SECONDS", 0.0)


def test_a_key_made_in_the_module_signs_as_any_other(softhsm: SoftHsm) -> None:
    one = token(softhsm)
    public, stored = one.generate()
    for message in (b"", b"message", os.urandom(100_000)):
        assert ed25519.verify(public, message, one.sign(stored, message))
    assert not ed25519.verify(public, b"other", one.sign(stored, b"message"))
    assert one.sign(stored, b"twice") == one.sign(stored, b"twice"), "Ed25519 is deterministic"
    one.close()
    assert ed25519.verify(public, b"again", one.sign(stored, b"again")), "what is closed opens when it is needed"


def test_a_person_finds_it_by_its_kid(softhsm: SoftHsm) -> None:
    import pkcs11
    from pkcs11 import Attribute, ObjectClass

    one = token(softhsm)
    public, stored = one.generate()
    kid = kid_of(public)
    hexed = "".join("%" + kid[n : n + 2] for n in range(0, 16, 2))
    assert stored.decode() == f"exam-key/1 pkcs11:token=exam;id={hexed};type=private"
    found = pkcs11.lib(str(softhsm.module.resolve())).get_token(token_label="exam")
    with found.open() as session:
        halves = list(session.get_objects({Attribute.LABEL: f"exam-service {kid}"}))
        assert {half[Attribute.CLASS] for half in halves} == {ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY}
        assert {half[Attribute.ID].hex() for half in halves} == {kid}


def test_nobody_gets_it_out(softhsm: SoftHsm) -> None:
    import pkcs11
    from pkcs11 import Attribute, ObjectClass

    one = token(softhsm)
    _, stored = one.generate()
    with pkcs11.lib(str(softhsm.module.resolve())).get_token(token_label="exam").open(rw=True) as session:
        (private,) = session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: key_id_of(stored)})
        assert private[Attribute.SENSITIVE]
        assert private[Attribute.ALWAYS_SENSITIVE]
        assert private[Attribute.NEVER_EXTRACTABLE]
        with pytest.raises(pkcs11.AttributeSensitive):
            private[Attribute.VALUE]
        for attribute, easier in ((Attribute.EXTRACTABLE, True), (Attribute.SENSITIVE, False)):
            with pytest.raises(pkcs11.PKCS11Error):
                private[attribute] = easier
        wrapping: Any = session.generate_key(pkcs11.KeyType.AES, 256)
        with pytest.raises(pkcs11.PKCS11Error):
            wrapping.wrap_key(private)
    # What is stored in the database is no secret, and no bytes of a key.
    assert len(stored) < 80


@pytest.mark.parametrize(
    "other, setting, says",
    [
        ({"label": "another"}, "EXAM_PKCS11_TOKEN", "0 tokens labelled “another”, and needs one; there are: “exam”"),
        ({"pin": "0000"}, "EXAM_PKCS11_PIN", "refuses the PIN (PinIncorrect)"),
    ],
)
def test_what_cannot_be_used_is_said_with_the_setting(
    softhsm: SoftHsm, other: dict[str, str], setting: str, says: str
) -> None:
    with pytest.raises(CannotUse, match=setting) as caught:
        token(softhsm, **other).prove()
    assert says in caught.value.text.within("en")
    assert softhsm.pin not in str(caught.value)
    assert "0000" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"no library"])
def test_a_file_that_is_no_module_is_said_so(softhsm: SoftHsm, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "module.so"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CannotUse, match=r"EXAM_PKCS11_MODULE: .*module\.so"):
        Token(file, "exam", "5678").prove()
    libc = next(Path("/lib").glob("*-linux-gnu/libm.so.6"), None)
    if libc is not None:
        with pytest.raises(CannotUse, match="cannot be used as a PKCS#11 module"):
            Token(libc, "exam", "5678").prove()


def test_two_tokens_of_one_label_are_not_chosen_between(softhsm: SoftHsm) -> None:
    softhsm.add_token("exam", "9999")
    with pytest.raises(CannotUse, match="2 tokens"):
        token(softhsm).prove()


def test_a_refused_pin_is_tried_once_for_tokens_lock_themselves(
    softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = token(softhsm, pin="0000")
    tried, real = [], Token._logged_in

    def logged_in(self: Token, found: object) -> object:
        tried.append(found)
        return real(self, found)  # type: ignore[arg-type]

    monkeypatch.setattr(Token, "_logged_in", logged_in)
    for _ in range(5):
        with pytest.raises(CannotUse, match="EXAM_PKCS11_PIN"):
            one.sign(reference("exam", b"12345678"), b"message")
    assert len(tried) == 1


def test_without_the_library_the_extra_is_named(softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(CannotUse, match=r"exam-service\[pkcs11\]"):
        token(softhsm).prove()


def test_an_unknown_key_or_reference_is_no_key(softhsm: SoftHsm) -> None:
    one = token(softhsm)
    public, stored = one.generate()
    for wrong in (
        reference("exam", b"12345678"),
        b"exam-key/1 other:id=%01",
        b"exam-key/1 pkcs11:token=exam",
        b"exam-key/1 ",
    ):
        with pytest.raises(NoSuchKey):
            one.sign(wrong, b"message")
    assert ed25519.verify(public, b"message", one.sign(stored, b"message"))
    # The name of the token is for people: a token that was copied with its keys serves as well.
    assert one.sign(stored.replace(b"token=exam", b"token=old"), b"message") == one.sign(stored, b"message")


def test_it_goes_on_when_the_token_was_away(softhsm: SoftHsm) -> None:
    one = token(softhsm)
    public, stored = one.generate()
    softhsm.pull_out()
    for _ in range(2):
        with pytest.raises((Away, CannotUse)):
            one.sign(stored, b"message")
    softhsm.put_back()
    assert ed25519.verify(public, b"message", one.sign(stored, b"message"))


def test_it_opens_a_session_again_that_the_module_lost(softhsm: SoftHsm) -> None:
    import pkcs11

    one = token(softhsm)
    public, stored = one.generate()
    library = pkcs11.lib(str(softhsm.module.resolve()))
    for _ in range(2):
        library.reinitialize()
        assert ed25519.verify(public, b"message", one.sign(stored, b"message"))
    library.finalize()
    assert ed25519.verify(public, b"again", one.sign(stored, b"again"))


def test_while_it_rests_nothing_is_asked(softhsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "REST_SECONDS", 60.0)
    one = token(softhsm)
    _, stored = one.generate()
    softhsm.pull_out()
    with pytest.raises((Away, CannotUse)):
        one.sign(stored, b"message")
    softhsm.put_back()
    with pytest.raises(Away, match="less than 60 seconds ago"):
        one.sign(stored, b"message")
    one.prove()
    assert one.sign(stored, b"message")


def test_threads_share_it(softhsm: SoftHsm) -> None:
    one = token(softhsm)
    pairs = [one.generate() for _ in range(3)]
    wrong: list[object] = []

    def work(number: int) -> None:
        for n in range(40):
            public, stored = pairs[(number + n) % 3]
            message = f"{number} {n}".encode()
            try:
                if not ed25519.verify(public, message, one.sign(stored, message)):
                    wrong.append(message)
            except Exception as error:  # noqa: BLE001
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_fork_opens_its_own(softhsm: SoftHsm) -> None:
    program = """
import os, sys
from pathlib import Path
from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.pkcs11 import Token
one = Token(Path(sys.argv[1]), "exam", "5678")
public, stored = one.generate()
children = []
for n in range(3):
    child = os.fork()
    if child == 0:
        good = all(ed25519.verify(public, b"%d" % m, one.sign(stored, b"%d" % m)) for m in range(50))
        os._exit(0 if good else 1)
    children.append(child)
good = all(ed25519.verify(public, b"%d" % m, one.sign(stored, b"%d" % m)) for m in range(50))
sys.exit(0 if good and not any(os.waitpid(child, 0)[1] for child in children) else 1)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(softhsm.module)], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_another_process_uses_it_at_the_same_time(softhsm: SoftHsm) -> None:
    one = token(softhsm)
    _, stored = one.generate()
    program = """
import sys
from pathlib import Path
from exam_service.adapters.crypto.pkcs11 import Token
one = Token(Path(sys.argv[1]), "exam", "5678")
print(one.sign(bytes.fromhex(sys.argv[2]), b"message").hex())
print(*(half.hex() for half in one.generate()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(softhsm.module), stored.hex()], capture_output=True, timeout=60, check=True
    )
    theirs, pair = done.stdout.decode().splitlines()
    assert bytes.fromhex(theirs) == one.sign(stored, b"message")
    new_public, new_stored = map(bytes.fromhex, pair.split())
    assert ed25519.verify(new_public, b"message", one.sign(new_stored, b"message")), "what was made since is found"
