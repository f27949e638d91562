"""A save as one writes it first: a Litestar handler, SQLAlchemy, one upsert and one commit per request.

It checks no token, no deadline and no device, and gives no receipt. It is as durable as the service.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar import Litestar, post
from litestar.datastructures import State
from litestar.params import FromPath
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_METADATA = sa.MetaData()
_RESPONSES = sa.Table(
    "naive_response",
    _METADATA,
    sa.Column("attempt", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("responses", sa.JSON, nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
)


class SaveRequest(msgspec.Struct):
    epoch: int
    seq: int
    responses: dict[str, Any]


@post("/save/{attempt:str}", status_code=200)
async def save(attempt: FromPath[str], data: SaveRequest, state: State) -> dict[str, Any]:
    """Write the responses over what was there."""
    engine: AsyncEngine = state.engine
    row = {"attempt": attempt, "seq": data.seq, "responses": data.responses, "received_at": datetime.now(UTC)}
    async with engine.begin() as connection:
        await connection.execute(state.upsert, row)
    return {"seq": data.seq, "received_at": row["received_at"]}


def naive_app(database_url: str) -> Litestar:
    """The application over a database, in which it makes its one table."""
    if database_url.startswith("sqlite:"):
        # One connection: SQLite has one writer, and several would only wait for each other's lock.
        engine = create_async_engine(database_url.replace("sqlite:", "sqlite+aiosqlite:"), pool_size=1, max_overflow=0)
        sa.event.listen(engine.sync_engine, "connect", _durable)
    else:
        engine = create_async_engine(database_url.replace("postgresql:", "postgresql+asyncpg:"), pool_size=10)

    async def create() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(_METADATA.create_all)

    insert = (sqlite if engine.dialect.name == "sqlite" else postgresql).insert(_RESPONSES)
    changed = {name: insert.excluded[name] for name in ("seq", "responses", "received_at")}
    upsert = insert.on_conflict_do_update(index_elements=["attempt"], set_=changed)
    state = State({"engine": engine, "upsert": upsert})
    return Litestar([save], on_startup=[create], state=state, openapi_config=None, logging_config=None)


def _durable(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
