"""What the schema says of itself."""

from exam_service.adapters.storage.tables.base import Stored, table_of
from exam_service.adapters.storage.types import key


class SchemaNoteRow(Stored, table=True):
    """Written by each migration: the oldest revision whose code can work with the schema it makes."""

    __tablename__ = "schema_note"

    revision: str = key(primary=True)
    works_since: str = key()


schema_note = table_of(SchemaNoteRow)
