"""The port Signer: keys that the vault seals and keys in a hardware security module, side by side."""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Literal, TypeVar

from exam_service.adapters.crypto import ed25519
from exam_service.adapters.crypto.keyring import Keyring
from exam_service.adapters.crypto.pkcs11 import MODULE, TOKEN, Away, CannotUse, NoSuchKey, Token, is_reference
from exam_service.core.errors import Fault, Refusal, SigningFailed, Unavailable
from exam_service.core.recent import Recent
from exam_service.core.text import Text

T = TypeVar("T")
log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long a request waits for the module. PKCS#11 has no time limit of its own."""
RETRY = timedelta(seconds=5)
LOOK_SECONDS = 15.0
"""A module that nobody has used for so long is asked whether it still works."""
_CLOSES_WITHIN = 2.0
_AHEAD = 1_024


class HsmUnusable(Refusal):
    code = "hsm-unusable"
    sentence = Text(
        en="The hardware security module cannot be used for signing keys: {count} thing(s) are wrong.",
        th="ใช้โมดูลความปลอดภัยฮาร์ดแวร์ (HSM) เก็บกุญแจลงนามไม่ได้ มีสิ่งที่ไม่ถูกต้อง {count} รายการ",
    )


class Signers:
    """Signs with a key where it is: in this process when the vault sealed it, in the module when it was made there.

    What a module says no to becomes a refusal: Unavailable while it is away, SigningFailed when it has not got the key.
    The log says which. `token` is None where the settings name no module.
    """

    def __init__(self, keyring: Keyring, token: Token | None, clock: Callable[[], datetime]) -> None:
        self._keyring, self._token, self._clock = keyring, token, clock
        # One thread, as a module is asked one thing at a time; of its own, so that a module that hangs takes no other.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pkcs11")
        self._away = False
        self._hangs: Future[Any] | None = None
        self._looking: Future[None] | None = None
        self._looked_at = float("-inf")
        self._last: bytes | None = None
        # Ed25519 is deterministic. What was signed before a transaction began need not be signed again within it.
        self._ahead: Recent[bytes, bytes] = Recent(_AHEAD)

    async def create(self, kept: Literal["vault", "hsm"] = "vault") -> tuple[bytes, bytes]:
        """(public key of 32 bytes, what is stored of the private one). Raises SigningFailed, Unavailable."""
        if kept == "vault":
            return self._keyring.create()
        if self._token is None:
            raise self._none()
        return await self._aside(self._token.generate)

    def kept(self, sealed: bytes) -> Literal["vault", "hsm"]:
        """Where this key is."""
        return "hsm" if is_reference(sealed) else "vault"

    def sign(self, sealed: bytes, message: bytes) -> bytes:
        """The signature over exactly these bytes; CannotOpen when a sealed key is not this vault's.

        Of a key in the module it waits for the module. Raises Unavailable, SigningFailed.
        """
        if not is_reference(sealed):
            return self._keyring.sign(sealed, message)
        return self._signed(sealed, message)

    async def sign_aside(self, sealed: bytes, message: bytes) -> bytes:
        """As `sign`, without holding up the event loop when it has to wait."""
        if not is_reference(sealed):
            # 50 µs; to hand them to another thread would take longer.
            return self._keyring.sign(sealed, message)
        known = self._ahead.get(_name(sealed, message))
        if known is not None:
            return known
        signature = await self._aside(lambda: self._signed(sealed, message))
        self._ahead.put(_name(sealed, message), signature)
        return signature

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is right. Never raises: a malformed signature is a bad one."""
        return ed25519.verify(public, message, signature)

    @property
    def hsm(self) -> Literal["none", "ready", "away"]:
        """How the module was when it was last used, 15 seconds ago or so; `none` without one. Never waits."""
        if self._token is None:
            return "none"
        since = monotonic() - self._looked_at
        if self._looking is not None and not self._looking.done():
            if since > PATIENCE_SECONDS:
                self._hangs = self._looking
        elif since > LOOK_SECONDS and not self._is_stuck():
            self._looked_at = monotonic()
            self._looking = self._thread.submit(self._look)
        return "away" if self._away or self._is_stuck() else "ready"

    async def prove(self, *, needed: bool = False) -> None:
        """Raises HsmUnusable, which names the setting, when a module is named that cannot be used, or `needed` and none
        is named."""
        if self._token is None:
            if needed:
                raise unusable(CannotUse(MODULE, "it is not set", "ยังไม่ได้ตั้งค่า"))
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._token.prove)
        except CannotUse as error:
            raise unusable(error) from None

    def close(self) -> None:
        """Log out, without waiting long for a module that hangs."""
        if self._token is not None and not self._is_stuck():
            with suppress(TimeoutError):
                self._thread.submit(self._token.close).result(_CLOSES_WITHIN)
        self._thread.shutdown(wait=False)

    async def _aside(self, work: Callable[[], T]) -> T:
        """In the module's own thread, for so long as is reasonable."""
        if self._is_stuck():
            raise self._unavailable()
        future = self._thread.submit(self._asked, work)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), PATIENCE_SECONDS)
        except TimeoutError:
            if not future.cancel():
                self._hangs = future
            log.error("the hardware security module has not answered for %g s", PATIENCE_SECONDS)  # noqa: TRY400
            raise self._unavailable() from None

    def _is_stuck(self) -> bool:
        return self._hangs is not None and not self._hangs.done()

    def _unavailable(self) -> Unavailable:
        return Unavailable(retry_at=self._clock() + RETRY)

    def _none(self) -> SigningFailed:
        log.error("a signing key is to be in a hardware security module, and %s is not set", MODULE)
        return SigningFailed()

    def _signed(self, sealed: bytes, message: bytes) -> bytes:
        if self._token is None:
            raise self._none()
        token, self._last = self._token, sealed
        return self._asked(lambda: token.sign(sealed, message))

    def _asked(self, work: Callable[[], T]) -> T:
        """What the module said, in the house's words."""
        self._looked_at = monotonic()
        try:
            done = work()
        except (Away, CannotUse) as error:
            if not self._away:
                log.error("the hardware security module cannot be used: %s", error)  # noqa: TRY400
            self._away = True
            raise self._unavailable() from None
        except NoSuchKey as error:
            log.error("a signing key is missing: %s", error)  # noqa: TRY400
            raise SigningFailed() from None
        if self._away:
            log.warning("the hardware security module is back")
        self._away = False
        return done

    def _look(self) -> None:
        """Find out whether it works, by a throwaway signature of the key used last, or by its session."""
        token, last = self._token, self._last
        if token is None:
            return
        with suppress(Refusal):
            # What is wrong has been noted.
            self._asked(lambda: token.sign(last, b"exam-service looks") if last else token.answers())


def unusable(*errors: CannotUse) -> HsmUnusable:
    """The refusal that names each setting and what is wrong with it."""
    return HsmUnusable(faults=[Fault(code="bad-value", path=error.setting, message=error.text) for error in errors])


def key_lost(slug: str, kid: str, *, named: bool) -> CannotUse:
    """An organisation's key that is to sign, is in a module, and does not sign here; `named`: the settings name one."""
    return CannotUse(
        TOKEN if named else MODULE,
        f"the key {kid} of `{slug}` is in a hardware security module and cannot sign here: name that module, or make "
        f"another key with `exam-service keys create --org {slug} --vault`",
        f"กุญแจ {kid} ของ `{slug}` อยู่ใน HSM และใช้ลงนามจากที่นี่ไม่ได้ โปรดระบุโมดูลนั้น หรือสร้างกุญแจใหม่ด้วย "
        f"`exam-service keys create --org {slug} --vault`",
    )


def _name(sealed: bytes, message: bytes) -> bytes:
    return hashlib.sha256(sealed + b"\x00" + message).digest()
