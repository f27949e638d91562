"""SoftHSM2: a PKCS#11 module made of software, each with a folder of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.optional import optional

_PLACES = ("/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib")


@dataclass(frozen=True)
class SoftHsm:
    """A module and its token. Who uses it in this process or another one sets SOFTHSM2_CONF to `conf`."""

    module: Path
    folder: Path
    token: str = "exam"
    pin: str = "5678"

    @property
    def conf(self) -> Path:
        return self.folder / "softhsm2.conf"

    def environ(self, **more: str) -> dict[str, str]:
        """The settings of a service that uses it."""
        return {
            "EXAM_PKCS11_MODULE": str(self.module),
            "EXAM_PKCS11_TOKEN": self.token,
            "EXAM_PKCS11_PIN": self.pin,
        } | more

    def add_token(self, label: str, pin: str) -> None:
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "so-1234", "--pin", pin],
            env={"SOFTHSM2_CONF": str(self.conf), "PATH": "/usr/bin:/bin"},
            check=True,
            capture_output=True,
        )

    def pull_out(self) -> None:
        """Take every token away, as when a cable is pulled."""
        (self.folder / "tokens").rename(self.folder / "away")
        (self.folder / "tokens").mkdir()

    def put_back(self) -> None:
        (self.folder / "tokens").rmdir()
        (self.folder / "away").rename(self.folder / "tokens")


@contextmanager
def soft_hsm(folder: Path) -> Iterator[SoftHsm]:
    """A new module with one token. At the end this process forgets it, for its configuration is read only once."""
    try:
        import pkcs11
    except ImportError:
        optional("python-pkcs11 is not installed (extra pkcs11)")
    module = next((path for place in _PLACES if (path := Path(place) / "softhsm/libsofthsm2.so").exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        optional("SoftHSM2 is not installed (Debian: softhsm2)")
    (folder / "tokens").mkdir(parents=True)
    made = SoftHsm(module, folder)
    made.conf.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    made.add_token(made.token, made.pin)
    yield made
    library = pkcs11.lib(str(module.resolve()))
    library.finalize()
