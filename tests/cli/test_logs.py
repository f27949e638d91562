"""Traces in the log: all that an operator needs, and nobody's data."""

import json
import logging
import sys

import asyncpg
import pytest

from exam_service.cli.logs import JsonLines, Lines

NUMBER = "1101700203450"
ADD = "INSERT INTO people VALUES ($1)"
VALUES = f"Failing row contains (org_1, สมศรี ใจดี,\n  {NUMBER}, in_progress)."


async def _trace_of_a_row(postgresql_url: str) -> str:
    """What PostgreSQL says of a row that breaks a rule, as a trace with another error around it."""
    connection = await asyncpg.connect(postgresql_url.replace("+asyncpg", ""))
    try:
        await connection.execute("CREATE TEMPORARY TABLE people (id text PRIMARY KEY)")
        await connection.execute(ADD, NUMBER)
        try:
            try:
                await connection.execute(ADD, NUMBER)
            except asyncpg.PostgresError as error:
                raise RuntimeError("could not be written") from error
        except RuntimeError:
            record = logging.LogRecord("x", logging.ERROR, "here", 1, "unhandled error", None, sys.exc_info())
            assert NUMBER in logging.Formatter().format(record)
            record.exc_text = None
            written = json.loads(JsonLines().format(record))["trace"]
            assert written in Lines().format(record)
            return str(written)
    finally:
        await connection.close()
    raise AssertionError


async def test_a_trace_names_no_row(postgresql_url: str) -> None:
    trace = await _trace_of_a_row(postgresql_url)
    assert NUMBER not in trace
    assert "duplicate key value violates unique constraint" in trace
    assert "DETAIL: left out" in trace
    assert trace.endswith("RuntimeError: could not be written"), "what comes after it stays"


@pytest.mark.parametrize("after", ["", "\nHINT:  Ask somebody.", "\n[SQL: INSERT …]"])
def test_values_on_several_lines_go_too(after: str) -> None:
    said = f"it broke a rule\nDETAIL:  {VALUES}{after}"
    error = RuntimeError(said)
    told = Lines().formatException((RuntimeError, error, None))
    assert told.endswith(f"it broke a rule\nDETAIL: left out{after}")


def test_values_go_from_groups_of_exceptions_too() -> None:
    broken = RuntimeError(f"it broke a rule\nDETAIL:  {VALUES}\nHINT:  Ask.")
    group = ExceptionGroup("several", [broken, ValueError("x")])
    told = Lines().formatException((ExceptionGroup, group, None))
    assert VALUES.splitlines()[0] not in told
    assert "DETAIL: left out" in told
    assert "HINT:  Ask." in told
    assert "ValueError: x" in told, "what comes after it stays"
