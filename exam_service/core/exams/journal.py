"""The journal of responses: append-only, so it is what is graded and the audit trail in one.

One row is one save of one device session: a batch of item -> response, exactly the bytes that were sent.
"""

import hashlib
from datetime import datetime

import msgspec


class Save(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of responses on its way to the journal."""

    org: str
    enrolment: str
    attempt: str
    epoch: int
    seq: int
    body: bytes
    """JSON of item -> response."""
    received_at: datetime

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A save that is durable: the facts of its receipt. The same save sent again gets the same facts."""

    attempt: str
    epoch: int
    seq: int
    digest: bytes
    received_at: datetime
    seconds_left: int
    """At `received_at`."""
    in_grace: bool
    deadline: datetime
    """As it is now, so that the page can set its countdown anew; not a part of the receipt."""
