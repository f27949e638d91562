"""Made-up people."""

from exam_service.core.people import national_id_is_valid


def national_id(first_twelve: str) -> str:
    """The id with its check digit."""
    return next(first_twelve + str(last) for last in range(10) if national_id_is_valid(first_twelve + str(last)))
