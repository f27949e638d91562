"""What every table shares: stable constraint names, and references that cannot leave their organisation."""

from typing import Any, ClassVar, cast

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Stored(SQLModel, registry=registry(metadata=METADATA)):
    """A table of this service. Rows never leave `adapters/storage`."""

    metadata: ClassVar[Any] = METADATA


def within_org(column: str, parent: str, parent_column: str = "id") -> sa.ForeignKeyConstraint:
    """A reference to a row of the same organisation: the database itself refuses one to another's (P13)."""
    return sa.ForeignKeyConstraint(["org", column], [f"{parent}.org", f"{parent}.{parent_column}"])


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table behind a model, for queries."""
    return cast(sa.Table, model.__dict__["__table__"])
