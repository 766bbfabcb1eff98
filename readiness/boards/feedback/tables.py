"""Columns of the figures of the loop."""

from readiness.boards.feedback.queries import LoopFigures
from web.links import link
from web.tables import Column, Table
from web.units import number


def _days(value: float | None) -> str:
    return "" if value is None else f"{number(value)} d"


def _site_url(row: LoopFigures) -> str:
    return link("site", row.key) if row.key else ""


def _actions_url(row: LoopFigures) -> str:
    return link("action-list", state="open", site=row.key) if row.key else link("action-list", state="open")


_ACTIONS = (
    Column("open_actions", "Open actions", numeric=True, sort=True),
    Column("overdue_actions", "Overdue", numeric=True, sort=True,
           tone=lambda row: "bad" if row.overdue_actions else ""),
    Column("unseen_effects", "Done, effect not seen", numeric=True, sort=True,
           tone=lambda row: "warn" if row.unseen_effects else ""),
)  # fmt: skip
BY_SITE = Table(
    id="feedback",
    noun=("site", "sites"),
    label="By site",
    columns=(
        Column("name", "Site", url=_site_url, sort=True, locked=True, phone="title", export="key"),
        Column("check_state", "Planner loop", text=lambda row: row.check_state or "not judged", sort=True,
               url=lambda row: link("site-check", row.key, "p5-ops-planner-loop") if row.key else "", phone="status"),
        Column("unsettled", "Open findings", numeric=True, sort=True),
        Column("days_to_answer", "Days to answer", text=lambda row: _days(row.days_to_answer), numeric=True,
               sort=lambda row: (row.days_to_answer is None, row.days_to_answer or 0.0), file_unit="d",
               hint="Median over findings of 100 days; one that nobody answers counts with its age after 30 days"),
        Column("days_to_close", "Days to close", text=lambda row: _days(row.days_to_close), numeric=True,
               sort=lambda row: (row.days_to_close is None, row.days_to_close or 0.0), file_unit="d",
               hint="Median from seen to closed, over findings of a year"),
        Column("reopened", "Opened again", numeric=True, sort=True),
        *_ACTIONS,
        Column("incidents", "Incidents", numeric=True, sort=True, hint="Of a year"),
        Column("repeats", "Repeats", numeric=True, sort=True, tone=lambda row: "warn" if row.repeats else "",
               hint="Incidents with the cause of an earlier one"),
        Column("came_in", "Forecasts that came in", lambda row: row.came_in_percent,
               text=lambda row: f"{row.came_in} of {row.decisions}" if row.decisions else "", numeric=True,
               file_unit="%", hint="Reviewed decisions of a year of which at least one figure is known"),
    ),
    row_id=lambda row: row.key or "fleet",
    row_name="name",
    row_url=_site_url,
    page="feedback",
    empty={
        "title": "Nothing to measure yet",
        "text": "Findings, their actions and decisions appear here, site by site, as soon as there are any.",
        "icon": "refresh",
    },
)  # fmt: skip
BY_TEAM = Table(
    id="feedback-teams",
    noun=("team", "teams"),
    label="By team",
    columns=(Column("name", "Team", sort=True, locked=True, phone="title", export="key"), *_ACTIONS),
    row_id=lambda row: row.key or "none",
    row_name="name",
    page="feedback",
    empty={
        "title": "No action yet",
        "text": "Actions appear here by team as soon as there are any.",
        "icon": "users-group",
    },
)
