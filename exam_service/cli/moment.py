"""A moment that is given on the command line."""

from datetime import UTC, datetime, timedelta

import click


def moment(text: str, option: str) -> datetime:
    """The ISO 8601 time, in UTC. Raises BadParameter, naming the option, for what is none or has no time zone."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            found = found.astimezone(UTC)
            # What is reckoned from it must have a date, too.
            found - timedelta(days=366), found + timedelta(days=366)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"`{text}` is no ISO 8601 time", param_hint=option) from error
    if found.tzinfo is None:
        raise click.BadParameter(f"`{text}` needs its time zone, as in {text}Z or {text}+07:00", param_hint=option)
    return found
