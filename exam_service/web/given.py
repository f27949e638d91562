"""What handlers are given by name; web/app.py says where each comes from."""

from litestar.di import NamedDependency

from exam_service.services.api_keys import Caller
from exam_service.services.context import Context
from exam_service.services.once import RepeatKey
from exam_service.services.sessions import CandidateSession

Ctx = NamedDependency[Context]
Staff = NamedDependency[Caller]
"""Who asks with an API key."""
Repeat = NamedDependency[RepeatKey | None]
"""The Idempotency-Key, when there is one."""
Candidate = NamedDependency[CandidateSession]
"""Who asks with a candidate's session."""
