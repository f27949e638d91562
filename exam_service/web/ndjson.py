"""Newline-delimited JSON as a content type, under the names that it goes by."""

KINDS = ("application/x-ndjson", "application/ndjson", "application/jsonl")


def is_ndjson(content_type: str) -> bool:
    """Whether a body of that type holds one JSON value on each line."""
    return content_type.partition(";")[0].strip().lower() in KINDS
