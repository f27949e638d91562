"""Statements over many rows find them by an index, also with a plan that was made while the tables were empty.

PostgreSQL keeps a statement's plan. One that reads whatever there is costs nothing in an empty table, and is then kept
through the minutes in which everybody comes (docs/decisions/0006).
"""

import importlib
import json
import pkgutil
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from exam_service.adapters import storage
from exam_service.adapters.storage import engine
from exam_service.adapters.storage.bulk import Text

GIVEN = {"Function Scan", "CTE Scan", "Subquery Scan", "Values Scan"}
"""Over what the statement was given, or has found."""

READ_MUCH = {
    "content._NEWEST_IDS": "an organisation has few versions of courses",
    "prepared._COUNT": "asks about everybody in a course",
    "prepared._LACKING": "asks about everybody in a course",
}


def statements() -> Iterator[tuple[str, str]]:
    """Every statement whose text never changes: (module and name, the words for PostgreSQL)."""
    for found in pkgutil.iter_modules(storage.__path__, f"{storage.__name__}."):
        module = importlib.import_module(found.name)
        if found.ispkg or not hasattr(module, "__file__"):
            continue
        postgresql = found.name.endswith("journal_postgresql")
        for name, value in vars(module).items():
            words = value.postgresql if isinstance(value, Text) else value if postgresql else ""
            if isinstance(words, str) and re.match(r"(SELECT|WITH|INSERT|UPDATE|DELETE)\b", words):
                yield f"{found.name.rpartition('.')[2]}.{name}", words


STATEMENTS = dict(statements())


@pytest.fixture
async def connection(postgresql_url: str) -> AsyncIterator[Any]:
    made = await asyncpg.connect(postgresql_url, server_settings=engine._LIMITS["server_settings"])
    await made.execute("SET plan_cache_mode = force_generic_plan")
    yield made
    await made.close()


def scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan that reads rows."""
    if "Scan" in node["Node Type"]:
        yield node
    for part in node.get("Plans", ()):
        yield from scans(part)


def walks(node: dict[str, Any], first: dict[str, str]) -> bool:
    """Whether a scan reads all there is, or all of an organisation: `first` is the first column of each index."""
    if node["Node Type"] in GIVEN or node["Node Type"] == "Bitmap Heap Scan":
        return False
    by = node.get("Index Cond", "")
    asked = set(re.findall(r"\b[a-z_]+\b", re.sub(r"::\w+( \w+)*(\[\])?", "", by)))
    return first.get(node.get("Index Name", "")) not in asked or asked <= {"org", "AND"}


def told(node: dict[str, Any]) -> str:
    of = node.get("Index Name", node.get("Relation Name"))
    return f"{node['Node Type']} of {of} by {node.get('Index Cond', 'nothing')}"


def test_there_are_statements() -> None:
    assert STATEMENTS.keys() >= {"journal_postgresql._STRAIGHT", "attempts._OF_ALL", "prepared._TAKE"}


async def test_no_statement_walks_a_table_when_its_plan_was_made_while_that_was_empty(connection: Any) -> None:
    indexes = await connection.fetch(
        "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
    )
    first = {row[0]: row[1] for row in indexes}
    found = {}
    for number, (name, words) in enumerate(STATEMENTS.items()):
        count = max((int(n) for n in re.findall(r"\$(\d+)", words)), default=0)
        await connection.execute(f"PREPARE p{number} AS {words}")
        given = f"({', '.join(['NULL'] * count)})" if count else ""
        plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE p{number}{given}"))[0]["Plan"]
        if bad := [told(one) for one in scans(plan) if walks(one, first)]:
            found[name] = bad
    assert found.keys() == READ_MUCH.keys(), found
