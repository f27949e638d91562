"""What both writers of the journal do alike with the receipts of a group."""

import secrets
from datetime import datetime

from exam_service.core.exams.journal import InGroup

RANDOM_BITS = 20


def new_group_id(now: datetime) -> int:
    """A number for the receipts of a group, below 2**63: the milliseconds since 1970, then chance.

    Two processes make the same one in a million times that they write in one millisecond; the second then writes again.
    """
    return int(now.timestamp() * 1000) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)


def in_group(head: str | None, leaves: bytes | None, place: int | None) -> InGroup | None:
    """A stored receipt's parts, where it has any."""
    return None if head is None or leaves is None or place is None else InGroup(head, leaves, place)
