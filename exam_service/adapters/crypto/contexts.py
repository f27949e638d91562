"""The JSON-LD contexts that signatures depend on: bundled, pinned by hash, never fetched."""

import hashlib
import json
from pathlib import Path
from typing import Any

PINNED: dict[str, tuple[str, str]] = {
    "https://www.w3.org/ns/credentials/v2": (
        "credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    "https://www.w3.org/2018/credentials/v1": (
        "credentials-v1.json",
        "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc",
    ),
    "https://www.w3.org/ns/credentials/examples/v2": (
        "credentials-examples-v2.json",
        "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
    ),
    "https://w3id.org/security/data-integrity/v2": (
        "data-integrity-v2.json",
        "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    "https://w3id.org/security/multikey/v1": (
        "multikey-v1.json",
        "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": (
        "ob-v3p0-context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
}
"""Address → file in certs/contexts/ and the SHA-256 it must have."""


class UnknownContext(ValueError):
    """A document names a context that is not bundled; it is never fetched."""


class ContextChanged(RuntimeError):
    """A bundled context file is missing or not the pinned one: nothing may be signed or verified with it."""


def load(directory: Path) -> dict[str, dict[str, Any]]:
    """Every bundled context by address; ContextChanged when a file has not its pinned bytes."""
    found = {}
    for address, (name, digest) in PINNED.items():
        path = directory / name
        raw = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(raw).hexdigest() != digest:
            raise ContextChanged(f"{path} is missing or is not the file that is pinned for {address}")
        found[address] = json.loads(raw)
    return found
