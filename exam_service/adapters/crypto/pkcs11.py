"""Signing keys in a hardware security module, by PKCS#11 (OASIS, 3.0): made there, used there, never outside.

What is stored of such a key is a reference: where the key is, and nothing secret.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

from exam_service.adapters.crypto import ed25519
from exam_service.core.text import Text

if TYPE_CHECKING:
    from pkcs11 import Session
    from pkcs11 import Token as Found
    from pkcs11._pkcs11 import lib

T = TypeVar("T")

MODULE, TOKEN = "EXAM_PKCS11_MODULE", "EXAM_PKCS11_TOKEN"
REFERENCE = b"exam-key/1 "
"""Begins a reference, version 1; a PKCS#11 URI (RFC 7512) follows. A vault's sealed key begins with a public key."""
REST_SECONDS = 5.0
"""After a failure nothing is asked for so long: a module that is away may take its time to say so."""

_WAITS = (0.0, 0.05, 0.2)
"""Before each further try. SoftHSM's tokens are not there for a moment while another process logs in."""

# As PKCS#11 3.0 has it: the object identifier of RFC 8410, or the curve's name.
_CURVES = (bytes.fromhex("06032b6570"), b"\x13\x0cedwards25519")

# Modules are initialised as by programs with one thread (python-pkcs11 gives no locks to C_Initialize), and all that a
# process has of them is one state. So everything is asked one at a time.
_one_at_a_time = RLock()
_initialised_in: dict[str, int] = {}


class CannotUse(Exception):
    """A setting that names what cannot be used. `passing`: it may be otherwise in a moment."""

    def __init__(self, setting: str, en: str, th: str, *, passing: bool = False) -> None:
        super().__init__(f"{setting}: {en}")
        self.setting, self.text, self.passing = setting, Text(en=en, th=th), passing


class Away(Exception):
    """The module or its token does not do its work just now."""


class NoSuchKey(Exception):
    """The token works, and does not have the key."""


def is_reference(sealed: bytes) -> bool:
    """Whether this says where a key is, and is not a key that is sealed."""
    return sealed.startswith(REFERENCE)


def reference(token: str, key_id: bytes) -> bytes:
    """What is stored of a key: the token that it was made in, for people, and its CKA_ID."""
    hexed = "".join(f"%{byte:02x}" for byte in key_id)
    return REFERENCE + f"pkcs11:token={quote(token, safe='')};id={hexed};type=private".encode()


def key_id_of(sealed: bytes) -> bytes:
    """The CKA_ID in a reference; NoSuchKey for what is none that this version can read."""
    scheme, _, path = sealed.removeprefix(REFERENCE).partition(b":")
    named = dict(part.partition(b"=")[::2] for part in path.split(b";"))
    if not is_reference(sealed) or scheme != b"pkcs11" or not named.get(b"id"):
        raise NoSuchKey("the stored reference cannot be read; a later version may have written it")
    return unquote_to_bytes(named[b"id"])


def import_library() -> ModuleType:
    """python-pkcs11, which is loaded only where a module is used; CannotUse where it is not installed."""
    try:
        import pkcs11
    except ImportError:
        raise CannotUse(
            MODULE, "this needs python-pkcs11: install the extra, as in pip install 'exam-service[pkcs11]'",
            "ต้องใช้ python-pkcs11 โปรดติดตั้งส่วนเสริม เช่น pip install 'exam-service[pkcs11]'",
        ) from None  # fmt: skip
    return pkcs11


class Token:
    """One token of a module, whose session is opened when it is first needed, and again when it was lost.

    Safe to use from several threads, and after a fork. A PIN that was refused is not tried again: tokens lock
    themselves after a few wrong ones.
    """

    def __init__(self, module: Path, label: str, pin: str, pin_setting: str = "EXAM_PKCS11_PIN") -> None:
        self._module, self._label, self._pin, self._pin_setting = module, label, pin, pin_setting
        self._session: Session | None = None
        self._keys: dict[bytes, Any] = {}
        self._missing: dict[bytes, float] = {}
        self._pid = os.getpid()
        self._refused: tuple[str, str, str] | None = None
        self._rests_until = float("-inf")

    @property
    def label(self) -> str:
        """What the token is called."""
        return self._label

    def prove(self) -> None:
        """Raises CannotUse unless the module loads, the token is there, the PIN is right and Ed25519 is known."""
        import_library()
        with _one_at_a_time:
            self._rests_until = float("-inf")
            try:
                self._again(self._open)
            except Away as error:
                raise CannotUse(TOKEN, f"the token does not answer: {error}", f"โทเคนไม่ตอบสนอง: {error}") from None

    def generate(self) -> tuple[bytes, bytes]:
        """(public key of 32 bytes, reference) of a new pair that never leaves the token.

        CKA_ID of both halves is the key's `kid`, and CKA_LABEL `exam-service KID`. Raises CannotUse, Away.
        """
        with _one_at_a_time:
            return self._again(self._generate)

    def sign(self, sealed: bytes, message: bytes) -> bytes:
        """The Ed25519 signature over exactly these bytes. Raises NoSuchKey, CannotUse, Away."""
        key_id = key_id_of(sealed)
        with _one_at_a_time:
            if monotonic() < self._missing.get(key_id, float("-inf")):
                raise NoSuchKey(self._not_here(key_id))
            try:
                return self._again(lambda: self._sign(key_id, message))
            except NoSuchKey:
                self._missing[key_id] = monotonic() + REST_SECONDS
                raise

    def answers(self) -> bytes:
        """Random bytes of the token's own, to see that it works. Raises CannotUse, Away."""
        with _one_at_a_time:
            return self._again(lambda: bytes(self._open().generate_random(64)))

    def close(self) -> None:
        """Log out. What is asked later opens it again."""
        with _one_at_a_time:
            self._forget()

    def _again(self, work: Callable[[], T]) -> T:
        """Do it; when it fails, again with everything opened anew, as after a cable was pulled."""
        if self._pid != os.getpid():
            # Sessions are their process's own, and so is what is open of the module.
            self._session, self._keys, self._pid = None, {}, os.getpid()
        if self._refused is not None:
            raise CannotUse(*self._refused)
        if monotonic() < self._rests_until:
            raise Away(f"it failed less than {REST_SECONDS:g} seconds ago")
        errors = import_library().PKCS11Error
        for wait in (*_WAITS, None):
            try:
                return work()
            except (errors, NoSuchKey, Away, CannotUse) as error:
                self._forget()
                if wait is None or (isinstance(error, CannotUse) and not error.passing):
                    if not isinstance(error, NoSuchKey):
                        self._rests_until = monotonic() + REST_SECONDS
                    if isinstance(error, errors):
                        raise Away(said(error)) from None
                    raise
            sleep(wait)
            with suppress(CannotUse):
                # What is wrong with it is said by the work.
                self._initialise(anew=True)
        raise AssertionError("the last try returns or raises")

    def _initialise(self, *, anew: bool = False) -> "lib":
        """The module, ready to be asked; what is open of it is closed first when it is to be anew."""
        pkcs11 = import_library()
        if not self._module.is_file():
            raise CannotUse(MODULE, f"there is no file {self._module}", f"ไม่พบแฟ้ม {self._module}")
        path = str(self._module.resolve())
        try:
            library: lib = pkcs11.lib(path)
            if anew or _initialised_in.get(path, os.getpid()) != os.getpid():
                try:
                    library.reinitialize()
                except pkcs11.PKCS11Error:
                    # It had been finalised, or never been initialised in this process.
                    library.initialize()
        except pkcs11.PKCS11Error as error:
            why = said(error)
            raise CannotUse(
                MODULE, f"{self._module} cannot be used as a PKCS#11 module: {why}",
                f"ใช้ {self._module} เป็นโมดูล PKCS#11 ไม่ได้: {why}",
            ) from None  # fmt: skip
        _initialised_in[path] = os.getpid()
        return library

    def _open(self) -> "Session":
        if self._session is None:
            self._session = self._logged_in(self._find(self._initialise()))
        return self._session

    def _find(self, library: "lib") -> "Found":
        pkcs11 = import_library()
        tokens = [slot.get_token() for slot in library.get_slots(token_present=True)]
        fitting = [token for token in tokens if token.label == self._label]
        if len(fitting) != 1:
            there = ", ".join(sorted({f"“{token.label}”" for token in tokens if token.label})) or "–"
            count = len(fitting)
            raise CannotUse(
                TOKEN, f"the module has {count} tokens labelled “{self._label}”, and needs one; there are: {there}",
                f"โมดูลมีโทเคนชื่อ “{self._label}” {count} รายการ แต่ต้องมีหนึ่งรายการ ที่มีอยู่คือ {there}",
                passing=True,
            )  # fmt: skip
        mechanisms = fitting[0].slot.get_mechanisms()
        for needed in (pkcs11.Mechanism.EDDSA, pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN):
            if needed not in mechanisms:
                raise CannotUse(
                    TOKEN, f"the token “{self._label}” makes no Ed25519 signatures: it lacks CKM_{needed.name}",
                    f"โทเคน “{self._label}” ลงนามแบบ Ed25519 ไม่ได้ เพราะไม่มี CKM_{needed.name}",
                )  # fmt: skip
        return fitting[0]

    def _logged_in(self, token: "Found") -> "Session":
        pkcs11 = import_library()
        refused = (
            pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinExpired, pkcs11.PinLocked,
        )  # fmt: skip
        try:
            return token.open(user_pin=self._pin)
        except pkcs11.UserAlreadyLoggedIn:
            # Logged in is a process and not a session: another one of this process was first.
            return token.open()
        except pkcs11.UserPinNotInitialized:
            raise CannotUse(
                TOKEN, f"the token “{self._label}” has no user PIN yet", f"โทเคน “{self._label}” ยังไม่มี PIN ของผู้ใช้",
                passing=True,
            ) from None  # fmt: skip
        except refused as error:
            why = said(error)
            self._refused = (
                self._pin_setting,
                f"the token “{self._label}” refuses the PIN ({why}); it is not tried again, for tokens lock themselves",
                f"โทเคน “{self._label}” ไม่รับรหัส PIN ({why}) ระบบจะไม่ลองซ้ำ เพราะโทเคนอาจล็อกตัวเอง",
            )
            raise CannotUse(*self._refused) from None

    def _forget(self) -> None:
        session, self._session, self._keys = self._session, None, {}
        if session is not None and self._pid == os.getpid():
            with suppress(import_library().PKCS11Error):
                # It may be lost already.
                session.close()

    def _sign(self, key_id: bytes, message: bytes) -> bytes:
        mechanism = import_library().Mechanism.EDDSA
        key = self._keys.get(key_id)
        if key is None:
            key = self._keys[key_id] = self._key(key_id)
        return bytes(key.sign(message, mechanism=mechanism))

    def _key(self, key_id: bytes) -> Any:
        pkcs11 = import_library()
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.Attribute.ID: key_id}
        session = self._open()
        with suppress(pkcs11.RandomNoRNG, pkcs11.FunctionNotSupported):
            # Whether the session still is one: a search in a lost one leaves a trace on standard error.
            session.generate_random(64)
        found = list(session.get_objects(wanted))
        if len(found) > 1:
            raise NoSuchKey(f"the token “{self._label}” has {len(found)} private keys with CKA_ID {key_id.hex()}")
        if not found:
            raise NoSuchKey(self._not_here(key_id))
        return found[0]

    def _not_here(self, key_id: bytes) -> str:
        return f"the token “{self._label}” has no private key with CKA_ID {key_id.hex()}"

    def _generate(self) -> tuple[bytes, bytes]:
        pkcs11 = import_library()
        self._open()
        # Only here something is written, so the session that signs may only read.
        with self._find(self._initialise()).open(rw=True) as session:
            public_key, private_key = _new_pair(session)
            public = _public_of(public_key[pkcs11.Attribute.EC_POINT])
            if private_key[pkcs11.Attribute.EXTRACTABLE] or not private_key[pkcs11.Attribute.SENSITIVE]:
                private_key.destroy()
                public_key.destroy()
                raise CannotUse(
                    TOKEN, f"the token “{self._label}” makes keys that can be taken out of it",
                    f"โทเคน “{self._label}” สร้างกุญแจที่นำออกมาภายนอกได้",
                )  # fmt: skip
            kid = hashlib.sha256(public).digest()[:8]
            for half in (private_key, public_key):
                half[pkcs11.Attribute.ID] = kid
                half[pkcs11.Attribute.LABEL] = f"exam-service {kid.hex()}"
            message = os.urandom(32)
            if not ed25519.verify(public, message, private_key.sign(message, mechanism=pkcs11.Mechanism.EDDSA)):
                raise Away("a new key signs something that does not verify")
        return public, reference(self._label, kid)


def _new_pair(session: "Session") -> tuple[Any, Any]:
    pkcs11 = import_library()
    private = {
        pkcs11.Attribute.PRIVATE: True,
        pkcs11.Attribute.SENSITIVE: True,
        pkcs11.Attribute.EXTRACTABLE: False,
    }
    for curve in _CURVES:
        # Modules know one name of the curve or the other.
        curves = session.create_domain_parameters(
            pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
        )
        try:
            return curves.generate_keypair(
                mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                store=True,
                label="exam-service, new",
                id=os.urandom(8),
                capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
                private_template=private,
            )
        except pkcs11.PKCS11Error:
            if curve == _CURVES[-1]:
                raise
    raise AssertionError("there is a last curve")


def _public_of(point: bytes) -> bytes:
    """The 32 bytes of CKA_EC_POINT, which modules give as they are, as an OCTET STRING or as a BIT STRING."""
    for wrapped in (b"", b"\x04\x20", b"\x03\x21\x00"):
        if len(point) == len(wrapped) + 32 and point.startswith(wrapped):
            return point[len(wrapped) :]
    raise Away(f"the new key's public point has a form that is not known: {len(point)} bytes")


def said(error: Exception) -> str:
    """What a module said, in a few words: the name of the PKCS#11 code when there is no more."""
    return str(error) or type(error).__name__
