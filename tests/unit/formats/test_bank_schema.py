"""The JSON Schema that editors use, against the banks and the code."""

import json
from pathlib import Path

import jsonschema_rs
import yaml

from exam_service.adapters.formats import native
from exam_service.adapters.formats.located_yaml import read_yaml
from tests.support.banks import YAML


def test_the_published_schema_is_current(repository: Path) -> None:
    file = repository / "docs" / "reference" / "bank.schema.json"
    assert json.loads(file.read_text(encoding="utf-8")) == native.schema(), (
        "write it anew: python -m exam_service.adapters.formats.schema > docs/reference/bank.schema.json"
    )


def test_the_sample_banks_are_good_by_the_schema_too(repository: Path) -> None:
    validator = jsonschema_rs.validator_for(native.schema())
    files = sorted((repository / "question_banks").glob("*.yaml"))
    assert len(files) >= 2
    for file in files:
        raw = read_yaml(file.read_text(encoding="utf-8")).raw
        assert list(validator.iter_errors(raw)) == []
        raw["questions"][0]["surprise"] = 1  # type: ignore[index]
        assert not validator.is_valid(raw)
    assert not validator.is_valid({**yaml.safe_load(YAML), "title": {}})
