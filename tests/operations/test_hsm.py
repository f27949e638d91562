"""The service with a hardware security module, as an operator starts it, breaks it and starts it again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.operations.test_backup import Done, command
from tests.support.process import free_port
from tests.support.running import MASTER_KEY, REPOSITORY, RunningService, environment, running_service
from tests.support.service import PUBLIC_URL
from tests.support.softhsm import SoftHsm


def keys(folder: Path, *words: str, **settings: str) -> Done:
    return command(folder, "keys", *words, EXAM_MASTER_KEY=MASTER_KEY, EXAM_PUBLIC_URL=PUBLIC_URL, **settings)


def listed(folder: Path, **settings: str) -> dict[str, tuple[str, str, str]]:
    """kid -> state, purpose, where it is"""
    done = keys(folder, "list", "--org", "first", **settings)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


@pytest.fixture
def data(tmp_path: Path, softhsm: SoftHsm) -> Path:
    """A data folder with an organisation."""
    folder = tmp_path / "data"
    made = command(
        folder, "orgs", "create", "first", "--en", "First", EXAM_MASTER_KEY=MASTER_KEY, EXAM_PUBLIC_URL=PUBLIC_URL
    )
    assert made.returncode == 0, made.stderr
    return folder


def served(folder: Path, softhsm: SoftHsm, **settings: str) -> subprocess.CompletedProcess[str]:
    """`exam-service serve`, which is expected to refuse."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("EXAM_", "LANG"))}
    given = {"EXAM_DATA_DIR": str(folder), "EXAM_MASTER_KEY": MASTER_KEY, "EXAM_PORT": str(free_port()), **settings}
    return subprocess.run(
        [sys.executable, "-m", "exam_service", "serve"],
        env=outside | given, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_key_is_made_in_the_module_and_the_list_says_where_each_is(data: Path, softhsm: SoftHsm) -> None:
    (first,) = listed(data)
    made = keys(data, "create", "--org", "first", "--hsm", "--wait", **softhsm.environ())
    assert made.returncode == 0, made.stderr
    waits = made.stdout.split()[0]
    both = {first: ("active", "certificates", "vault"), waits: ("created", "certificates", "hsm")}
    assert listed(data) == both, "to list keys needs no module"
    assert keys(data, "activate", waits, "--org", "first").returncode == 0
    assert listed(data)[waits][0] == "active"
    log = keys(data, "create", "--org", "first", "--log", "--hsm", **softhsm.environ())
    assert log.stdout.split()[2:4] == ["log", "hsm"]
    vault = keys(data, "create", "--org", "first", "--vault", **softhsm.environ(EXAM_NEW_KEYS="hsm"))
    assert vault.stdout.split()[1:4] == ["active", "certificates", "vault"]
    trust = keys(data, "export", **softhsm.environ())
    assert trust.returncode == 0, trust.stderr
    assert waits in trust.stdout
    assert "pkcs11:" not in trust.stdout


def test_the_key_of_receipts_is_not_put_there(data: Path, softhsm: SoftHsm) -> None:
    done = keys(data, "create", "--hsm", **softhsm.environ())
    assert (done.returncode, "receipts" in done.stderr) == (2, True)


WRONG = {
    "no such module": ({"EXAM_PKCS11_MODULE": "/none.so"}, "EXAM_PKCS11_MODULE"),
    "no module": ({"EXAM_PKCS11_MODULE": "/etc/hostname"}, "EXAM_PKCS11_MODULE"),
    "no such token": ({"EXAM_PKCS11_TOKEN": "another"}, "EXAM_PKCS11_TOKEN"),
    "wrong PIN": ({"EXAM_PKCS11_PIN": "0000"}, "EXAM_PKCS11_PIN"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_with_its_setting_and_nothing_starts(data: Path, softhsm: SoftHsm, wrong: str) -> None:
    other, setting = WRONG[wrong]
    done = served(data, softhsm, **softhsm.environ(**other))
    assert done.returncode == 2, done.stderr
    assert "The hardware security module cannot be used" in done.stderr
    assert f"  {setting}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert softhsm.pin not in done.stderr
    before = listed(data)
    made = keys(data, "create", "--org", "first", "--hsm", **softhsm.environ(**other))
    assert (made.returncode, "hsm-unusable" in made.stderr) == (2, True), made.stderr
    assert listed(data) == before


def test_the_pin_may_be_in_a_file_which_is_then_what_is_named(data: Path, softhsm: SoftHsm, tmp_path: Path) -> None:
    file = tmp_path / "pin"
    given = softhsm.environ(EXAM_PKCS11_PIN_FILE=str(file))
    del given["EXAM_PKCS11_PIN"]
    file.write_text(f"{softhsm.pin}\n")
    assert keys(data, "create", "--org", "first", "--hsm", **given).returncode == 0
    file.write_text("0000")
    done = served(data, softhsm, **given)
    assert (done.returncode, "  EXAM_PKCS11_PIN_FILE: " in done.stderr) == (2, True), done.stderr


def test_without_the_module_of_a_key_that_signs_nothing_starts_until_there_is_another(
    data: Path, softhsm: SoftHsm
) -> None:
    made = keys(data, "create", "--org", "first", "--hsm", **softhsm.environ())
    kid = made.stdout.split()[0]
    done = served(data, softhsm)
    assert done.returncode == 2
    assert f"EXAM_PKCS11_MODULE: the key {kid} of `first` is in a hardware security module" in done.stderr
    softhsm.add_token("empty", "1111")
    done = served(data, softhsm, **softhsm.environ(EXAM_PKCS11_TOKEN="empty", EXAM_PKCS11_PIN="1111"))
    assert done.returncode == 2
    assert f"EXAM_PKCS11_TOKEN: the key {kid} of `first`" in done.stderr
    assert keys(data, "create", "--org", "first").returncode == 2, "the next one would be in the module, too"
    assert keys(data, "create", "--org", "first", "--vault").returncode == 0
    with running_service(f"sqlite:///{data}/exam.db", data) as service:
        assert httpx.get(f"{service.url}/readyz").json()["hsm"] == "none"


@pytest.fixture
def running(data: Path, softhsm: SoftHsm) -> Iterator[RunningService]:
    """A process of the service whose organisation's keys are in the module."""
    assert keys(data, "create", "--org", "first", "--hsm", **softhsm.environ()).returncode == 0
    service = RunningService(
        environment(f"sqlite:///{data}/exam.db", data, **softhsm.environ(EXAM_PUBLIC_URL=PUBLIC_URL)), data
    )
    try:
        service.start()
        yield service
    finally:
        service.stop()


def list_is_signed_by(service: RunningService) -> str:
    found = httpx.get(f"{service.url}/orgs/first/status/1")
    assert found.status_code == 200, found.text
    return str(found.json()["proof"][0]["verificationMethod"]).rpartition("#")[2]


def test_it_goes_on_after_a_kill(running: RunningService, data: Path) -> None:
    before = list_is_signed_by(running)
    running.kill()
    running.start()
    assert httpx.get(f"{running.url}/readyz").json()["hsm"] == "ready"
    (kid,) = [kid for kid, row in listed(data).items() if row == ("active", "certificates", "hsm")]
    assert len(listed(data)) == 2
    assert before == list_is_signed_by(running) == kid
    assert running.stop() == 0


def test_a_key_that_another_process_made_in_the_module_signs_at_once(
    running: RunningService, data: Path, softhsm: SoftHsm
) -> None:
    list_is_signed_by(running)
    newer = keys(data, "create", "--org", "first", "--hsm", **softhsm.environ()).stdout.split()[0]
    found = httpx.get(f"{running.url}/orgs/first/status/1", headers={"accept": "application/vc+jwt"})
    assert found.status_code == 200, found.text
    assert list_is_signed_by(running) == newer


def test_while_the_token_is_pulled_out_it_stays_ready_and_says_so(running: RunningService, softhsm: SoftHsm) -> None:
    softhsm.pull_out()
    wants = httpx.get(f"{running.url}/orgs/first/status/1")
    assert (wants.status_code, wants.json()["code"]) == (503, "unavailable")
    assert "Retry-After" in wants.headers
    ready = httpx.get(f"{running.url}/readyz")
    assert (ready.status_code, ready.json()["hsm"], ready.json()["signing"]) == (200, "away", True)
    assert "exam_hsm_ready 0.0" in httpx.get(f"{running.url}/metrics").text
    assert "Traceback" not in running.output
    assert "the hardware security module cannot be used: EXAM_PKCS11_TOKEN" in running.output
