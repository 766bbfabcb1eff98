"""Parameters of addresses that calendars share."""

from datetime import date

from readiness.organisation.people.core.team_calendar import monday
from web.parameters import BadParameter


def first_monday(text: str, today: date) -> date:
    """Read the parameter `start`: the Monday of the week of that day, by default of today. Raises BadParameter."""
    try:
        start = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise BadParameter("start", "is a day, such as 2026-12-01") from error
    if not 2000 <= start.year <= 2100:
        raise BadParameter("start", "is a day from 2000 to 2100")
    return monday(start)
