"""Signatures by a key in a hardware security module: `python -m bench.hsm MODULE.so TOKEN PIN-FILE`.

It makes one key in the token (`exam-service KID`; remove it afterwards), and tells what a signature takes there, what
it takes when it is asked for beside the event loop, and how long the loop itself is held up meanwhile. The same by the
vault, in the same run.
"""

import asyncio
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from exam_service.adapters.crypto.keyring import Keyring
from exam_service.adapters.crypto.pkcs11 import Token
from exam_service.adapters.crypto.signers import Signers
from exam_service.adapters.crypto.vault import Vault, new_master
from exam_service.bootstrap.apart import now

ROUNDS = 2_000


async def measure(signers: Signers) -> None:
    """Print a line for each way."""
    await signers.prove(needed=True)
    _, vault = await signers.create()
    _, hsm = await signers.create("hsm")
    for name, sealed in (("vault", vault), ("module", hsm)):
        print(f"{name:<28} {_said([_timed(partial(signers.sign, sealed, _message())) for _ in range(ROUNDS)])}")
    times, late = await _beside(signers, hsm)
    print(f"{'module, beside the event loop':<28} {_said(times)}")
    print(f"what else is due on the loop meanwhile: {late[49] * 1e6:.0f} µs late (median), {late[98] * 1e6:.0f} (99th)")


def _message() -> bytes:
    return secrets.token_bytes(64)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def _beside(signers: Signers, sealed: bytes) -> tuple[list[float], list[float]]:
    """Seconds of each, and by how much something else that is due comes late (percentiles)."""
    late: list[float] = []

    async def other() -> None:
        while True:
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            late.append(time.perf_counter() - due)

    task = asyncio.create_task(other())
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await signers.sign_aside(sealed, _message())
        times.append(time.perf_counter() - began)
    task.cancel()
    return times, statistics.quantiles(late, n=100)


def _said(seconds: list[float]) -> str:
    median = statistics.median(seconds)
    return f"{median * 1e6:7.0f} µs a signature (median), {len(seconds) / sum(seconds):7.0f} a second"


def main() -> None:
    module, label, pin_file = sys.argv[1:]
    token = Token(Path(module), label, Path(pin_file).read_text(encoding="utf-8").strip())
    signers = Signers(Keyring(Vault(new_master())), token, now)
    asyncio.run(measure(signers))
    signers.close()


if __name__ == "__main__":
    main()
