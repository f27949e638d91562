import base64
import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from exam_service.settings import BadSettings, Settings, decode_master_key, describe, encode_master_key, load

KEY = bytes(range(32))
KEY_TEXT = base64.urlsafe_b64encode(KEY).decode()
POSTGRES = "postgresql://exam:hunter2@db/exam"


def faults(environ: dict[str, str]) -> dict[str, str]:
    with pytest.raises(BadSettings) as caught:
        load(environ)
    return {fault.path: fault.message.within("en") for fault in caught.value.faults}


def test_nothing_need_be_set() -> None:
    settings = load({})
    assert settings.data_dir == Path("var")
    assert settings.public_url == "http://localhost:8000"
    assert settings.database_url == "sqlite:///var/exam.db"
    assert settings.master_key_file is None
    assert settings.redis_url is None
    assert not settings.postgresql


def test_defaults_follow_what_they_depend_on() -> None:
    settings = load({"EXAM_PORT": "9001", "EXAM_DATA_DIR": "/srv/exam"})
    assert settings.public_url == "http://localhost:9001"
    assert settings.database_url == "sqlite:////srv/exam/exam.db"


def test_every_setting_can_be_set() -> None:
    environ = {
        "EXAM_DATA_DIR": "/d",
        "EXAM_HOST": "0.0.0.0",
        "EXAM_PORT": "1",
        "EXAM_PUBLIC_URL": "https://exam.example.go.th/",
        "EXAM_DATABASE_URL": POSTGRES,
        "EXAM_DB_POOL_SIZE": "3",
        "EXAM_REDIS_URL": "redis://cache:6379/1",
        "EXAM_MASTER_KEY": KEY_TEXT,
        "EXAM_PKCS11_MODULE": "/usr/lib/module.so",
        "EXAM_PKCS11_TOKEN": "exam",
        "EXAM_PKCS11_PIN": "0123",
        "EXAM_NEW_KEYS": "hsm",
        "EXAM_PADES_FILE": "/d/pdf.p12",
        "EXAM_PADES_PASSPHRASE_FILE": "/d/passphrase",
        "EXAM_LOG_LEVEL": "debug",
        "EXAM_LOG_FORMAT": "json",
        "EXAM_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
        "EXAM_METRICS_TOKEN": "a-long-word",
        "EXAM_VC_API": "on",
        "EXAM_DRAIN_SECONDS": "11",
        "EXAM_DRAIN_LIMIT_SECONDS": "12",
        "EXAM_STARTS_WAITING": "13",
        "EXAM_PREPARE_MINUTES": "14",
        "EXAM_REPEAT_DAYS": "15",
        "EXAM_SWEEP_SECONDS": "4",
        "EXAM_GRACE_SECONDS": "0",
        "EXAM_LAUNCH_TTL_SECONDS": "5",
        "EXAM_SESSION_HOURS": "6",
        "EXAM_RATE_LIMIT_PUBLIC_PER_MINUTE": "7",
        "EXAM_RATE_LIMIT_CANDIDATE_PER_MINUTE": "8",
        "EXAM_RATE_LIMIT_LMS_PER_MINUTE": "9",
        "EXAM_MAX_BODY_BYTES": "4096",
        "EXAM_BODY_SECONDS": "10",
        "EXAM_MAX_BANK_BYTES": "8192",
    }
    from_files = {"EXAM_MASTER_KEY_FILE", "EXAM_DATABASE_URL_FILE", "EXAM_PKCS11_PIN_FILE"}
    assert {*environ} | from_files == {line.name for line in describe()}
    assert load(environ) == Settings(
        data_dir=Path("/d"),
        host="0.0.0.0",
        port=1,
        public_url="https://exam.example.go.th",
        database_url=POSTGRES,
        db_pool_size=3,
        redis_url="redis://cache:6379/1",
        master_key=KEY,
        pkcs11_module=Path("/usr/lib/module.so"),
        pkcs11_token="exam",
        pkcs11_pin="0123",
        new_keys="hsm",
        pades_file=Path("/d/pdf.p12"),
        pades_passphrase_file=Path("/d/passphrase"),
        log_level="debug",
        log_format="json",
        trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("::1/128")),
        metrics_token="a-long-word",
        vc_api="on",
        drain_seconds=11,
        drain_limit_seconds=12,
        starts_waiting=13,
        prepare_minutes=14,
        repeat_days=15,
        sweep_seconds=4,
        grace_seconds=0,
        launch_ttl_seconds=5,
        session_hours=6,
        rate_limit_public_per_minute=7,
        rate_limit_candidate_per_minute=8,
        rate_limit_lms_per_minute=9,
        max_body_bytes=4096,
        body_seconds=10,
        max_bank_bytes=8192,
    )


def test_an_empty_value_counts_as_not_set() -> None:
    assert load({"EXAM_REDIS_URL": "", "EXAM_PORT": " "}) == load({})


def test_a_module_needs_its_token_and_one_pin_and_the_pin_stays_secret(tmp_path: Path) -> None:
    module, pin = {"EXAM_PKCS11_MODULE": "/m.so"}, tmp_path / "pin"
    assert set(faults(module)) == {"EXAM_PKCS11_TOKEN", "EXAM_PKCS11_PIN_FILE"}
    assert set(faults({"EXAM_PKCS11_TOKEN": "t"})) == {"EXAM_PKCS11_MODULE", "EXAM_PKCS11_PIN_FILE"}
    assert "EXAM_PKCS11_MODULE" in faults({"EXAM_NEW_KEYS": "hsm"})
    from_file = module | {"EXAM_PKCS11_TOKEN": "t", "EXAM_PKCS11_PIN_FILE": str(pin)}
    for empty in (None, " \n"):
        if empty is not None:
            pin.write_text(empty)
        assert set(faults(from_file)) == {"EXAM_PKCS11_PIN_FILE"}
    pin.write_text("secret-pin\n")
    loaded = load(from_file)
    assert (loaded.pkcs11_pin, "secret-pin" in repr(loaded)) == ("secret-pin", False)
    assert set(faults(from_file | {"EXAM_PKCS11_PIN": "0"})) == {"EXAM_PKCS11_PIN"}


def test_names_of_others_and_of_tests_are_ignored() -> None:
    assert load({"PATH": "/bin", "EXAMPLE": "1", "EXAM_TEST_DATABASE_URL": "?"}) == load({})


@pytest.mark.parametrize(
    "wrong, nearest",
    [
        ("EXAM_DATABSE_URL", "EXAM_DATABASE_URL"),
        ("EXAM_PORTS", "EXAM_PORT"),
        ("EXAM_DATABASE", "EXAM_DATABASE_URL"),
        ("EXAM_MASTERKEY", "EXAM_MASTER_KEY"),
        ("EXAM_", "EXAM_PORT"),
    ],
)
def test_an_unknown_name_is_refused_and_the_nearest_is_named(wrong: str, nearest: str) -> None:
    assert faults({wrong: "1"})[wrong].endswith(f"the nearest is {nearest}")


def test_every_fault_is_told_at_once_in_both_languages() -> None:
    with pytest.raises(BadSettings) as caught:
        load({"EXAM_PORT": "0", "EXAM_HOTS": "x", "EXAM_LOG_LEVEL": "loud"})
    assert [fault.path for fault in caught.value.faults] == ["EXAM_HOTS", "EXAM_LOG_LEVEL", "EXAM_PORT"]
    assert caught.value.code == "bad-settings"
    for fault in caught.value.faults:
        assert fault.path in caught.value.text.within("en")
        assert fault.path in caught.value.text.within("th")
        assert re.search("[ก-๙]", fault.message.within("th"))


@pytest.mark.parametrize("value", ["0", "65536", "-1", "8_0", "٣", "8.0", "eighty", "9" * 5000])
def test_a_port_is_a_plain_number_in_its_range(value: str) -> None:
    assert "whole number from 1 to 65535" in faults({"EXAM_PORT": value})["EXAM_PORT"]


@pytest.mark.parametrize(
    "name, value",
    [
        ("EXAM_PUBLIC_URL", "exam.example.org"),
        ("EXAM_PUBLIC_URL", "ftp://exam.example.org"),
        ("EXAM_PUBLIC_URL", "https://"),
        ("EXAM_PUBLIC_URL", "https://exam.example.org/service"),
        ("EXAM_PUBLIC_URL", "https://exam.example.org:port"),
        ("EXAM_PUBLIC_URL", f"https://{'x' * 111}"),
        ("EXAM_DATABASE_URL", "mysql://db/exam"),
        ("EXAM_DATABASE_URL", "sqlite://exam.db"),
        ("EXAM_DATABASE_URL", "sqlite:///"),
        ("EXAM_REDIS_URL", "localhost:6379"),
        ("EXAM_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("EXAM_TRUSTED_PROXIES", "10.0.0.1,,::1"),
        ("EXAM_LOG_FORMAT", "JSON"),
        ("EXAM_MASTER_KEY", KEY_TEXT[:-4]),
        ("EXAM_MASTER_KEY", KEY_TEXT.replace("A", "!")),
        ("EXAM_MASTER_KEY", "กุญแจ"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name: str, value: str) -> None:
    assert set(faults({name: value})) == {name}


def test_a_secret_is_not_repeated_in_a_fault() -> None:
    said = str(faults({"EXAM_MASTER_KEY": "hunter2", "EXAM_DATABASE_URL": "mysql://exam:hunter2@db/exam"}))
    assert "hunter2" not in said


def test_a_secret_is_not_shown_by_repr() -> None:
    shown = repr(load({"EXAM_DATABASE_URL": POSTGRES, "EXAM_MASTER_KEY": KEY_TEXT}))
    assert "hunter2" not in shown
    assert repr(KEY) not in shown
    assert "port=8000" in shown


def test_the_master_key_is_given_once() -> None:
    assert "not both" in faults({"EXAM_MASTER_KEY": KEY_TEXT, "EXAM_MASTER_KEY_FILE": "/k"})["EXAM_MASTER_KEY"]


def test_the_line_in_a_master_key_file_is_read_as_it_was_written() -> None:
    assert decode_master_key(encode_master_key(KEY) + "\n") == KEY
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        decode_master_key(encode_master_key(KEY[1:]))


def test_the_master_key_is_read_in_either_alphabet_of_base64_and_with_or_without_padding() -> None:
    key = bytes(range(224, 256))
    for text in (base64.urlsafe_b64encode(key), base64.b64encode(key), base64.urlsafe_b64encode(key).rstrip(b"=")):
        assert load({"EXAM_MASTER_KEY": text.decode()}).master_key == key


def test_postgresql_needs_a_master_key_that_every_process_shares() -> None:
    assert "every process" in faults({"EXAM_DATABASE_URL": POSTGRES})["EXAM_MASTER_KEY_FILE"]
    assert load({"EXAM_DATABASE_URL": POSTGRES, "EXAM_MASTER_KEY_FILE": "/k"}).postgresql


def test_a_bad_master_key_is_not_also_called_missing() -> None:
    assert set(faults({"EXAM_DATABASE_URL": POSTGRES, "EXAM_MASTER_KEY": "short"})) == {"EXAM_MASTER_KEY"}


def test_the_database_url_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "database_url"
    file.write_text(POSTGRES + "\n", encoding="utf-8")
    settings = load({"EXAM_DATABASE_URL_FILE": str(file), "EXAM_MASTER_KEY": KEY_TEXT})
    assert settings.database_url == POSTGRES
    assert settings.postgresql


def test_a_file_of_the_database_url_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    assert "cannot be read" in faults({"EXAM_DATABASE_URL_FILE": str(tmp_path / "none")})["EXAM_DATABASE_URL_FILE"]
    file = tmp_path / "database_url"
    file.write_text("mysql://exam:hunter2@db/exam", encoding="utf-8")
    said = faults({"EXAM_DATABASE_URL_FILE": str(file)})
    assert set(said) == {"EXAM_DATABASE_URL_FILE"}
    assert "hunter2" not in str(said)
    both = {"EXAM_DATABASE_URL": "sqlite:///a.db", "EXAM_DATABASE_URL_FILE": str(file)}
    assert set(faults(both)) == {"EXAM_DATABASE_URL", "EXAM_DATABASE_URL_FILE"}


def test_every_setting_is_described() -> None:
    for line in describe():
        assert line.name.startswith("EXAM_")
        assert line.doc.endswith(".")
        assert line.type
        assert line.default
    assert ("EXAM_LOG_FORMAT", "text or json", "text", "text for people, json for collectors.") in describe()
    assert next(line for line in describe() if line.name == "EXAM_DATABASE_URL").default == "sqlite:///DATA_DIR/exam.db"


def test_the_reference_lists_every_setting_as_it_is(repository: Path) -> None:
    page = (repository / "docs/reference/settings.md").read_text(encoding="utf-8")
    rows = [
        tuple(cell.strip() for cell in row.split("|")[1:-1]) for row in page.splitlines() if row.startswith("| `EXAM_")
    ]
    assert rows == [
        (f"`{line.name}`", line.type, "" if line.default == "none" else line.default, line.doc) for line in describe()
    ]
