"""Duty rules: their list, page, form and endpoint."""

from readiness.organisation.people import models
from readiness.organisation.people.kinds.tabs import declared
from web.kinds.columns import figure, plain, related

DUTY_RULE = declared(
    models.DutyRule,
    (
        *("name", "team", "rest_h", "week_h", "reference_weeks", "primary_percent", "standby_percent"),
        *("overtime_cost", "currency", "source"),
    ),
    (
        "name",
        related("team", "Team", text=lambda rule: rule.team or "all others"),
        figure("rest_h", "Rest between shifts", "h"),
        figure("week_h", "Hours a week", "h"),
        figure("reference_weeks", "Averaged over", "weeks"),
        figure("primary_percent", "Primary counts", "%"),
        figure("standby_percent", "Secondary and tertiary count", "%"),
        figure("overtime_cost", "Overtime costs", hint="An hour outside 8:00 to 18:00 on weekdays"),
        "currency",
        plain("source", "Source", phone="full"),
    ),
    brief=("name",),
    search=("name", "source", "team__name"),
    groups=(
        ("Rule", ("name", "team", "source")),
        ("Limits", ("rest_h", "week_h", "reference_weeks")),
        ("What counts", ("primary_percent", "standby_percent")),
        ("Overtime", ("overtime_cost", "currency")),
    ),
    hint="Rest between shifts, hours a week, and what overtime costs",
    then="Every site that a rotation serves is evaluated again.",
    empty="Without a rule Muster asks for no rest and limits no hours.",
)
KINDS = (DUTY_RULE,)
