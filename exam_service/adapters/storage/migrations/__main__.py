"""For developers: write the migration from the newest revision to the tables as they are now.

    python -m exam_service.adapters.storage.migrations "Add the outbox"

The new file is a draft: read it, and keep it working on both databases.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from exam_service.adapters.storage.engine import Database
from exam_service.adapters.storage.migrate import configuration, migrate


async def _main(message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.db'}"
        await migrate(url)
        database = Database(url, pool_size=1)

        def draft(connection: sa.Connection) -> None:
            command.revision(configuration(connection), message=message, autogenerate=True)

        async with database.write() as connection:
            await connection.run_sync(draft)
        await database.close()


if len(sys.argv) != 2:
    sys.exit(__doc__)
asyncio.run(_main(sys.argv[1]))
