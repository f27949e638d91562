"""Every table, by subject. Importing this module makes the metadata complete."""

from exam_service.adapters.storage.tables.attempts import (
    attempt,
    journal,
    late_save,
    message,
    paper,
    prepared_attempt,
    receipt_group,
    result,
)
from exam_service.adapters.storage.tables.base import METADATA
from exam_service.adapters.storage.tables.certificates import artwork, certificate, design, signing_key, status_list
from exam_service.adapters.storage.tables.content import bank_version, course, course_version
from exam_service.adapters.storage.tables.issuance_log import log_entry, log_head, log_subtree
from exam_service.adapters.storage.tables.organisations import api_key, audit_event, job, organisation, replay
from exam_service.adapters.storage.tables.people import candidate, enrolment, launch, reported_fact
from exam_service.adapters.storage.tables.schema import schema_note

__all__ = [
    "METADATA",
    "api_key",
    "artwork",
    "attempt",
    "audit_event",
    "bank_version",
    "candidate",
    "certificate",
    "course",
    "course_version",
    "design",
    "enrolment",
    "job",
    "journal",
    "late_save",
    "launch",
    "log_entry",
    "log_head",
    "log_subtree",
    "message",
    "organisation",
    "paper",
    "prepared_attempt",
    "receipt_group",
    "replay",
    "reported_fact",
    "result",
    "schema_note",
    "signing_key",
    "status_list",
]
