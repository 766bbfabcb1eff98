"""The calibration gap: each team's estimate of a site beside its verdict."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from readiness.assessment.scoring.models import SiteScore
from readiness.organisation.people.core.practice import PRACTISED, SMALL_GROUP
from readiness.organisation.people.core.surveys import ESTIMATES, calibration_gap, middle_estimate
from readiness.organisation.people.queries.surveys import TeamEstimates, estimates
from web import tables
from web.clock import now
from web.reports import Report
from web.tables import Column, Table, TablePage
from web.units import how_many

CALIBRATION = Report("readiness/calibration.html", "people.view_survey", "scoring.view_sitescore")
TOO_FEW = f"fewer than {SMALL_GROUP}"


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """`gap` is in steps of the verdict: above it the team thinks better of the site than was measured."""

    of_team: TeamEstimates
    verdict: str

    @property
    def estimate(self) -> str | None:
        return middle_estimate(self.of_team.values)

    @property
    def gap(self) -> int | None:
        return calibration_gap(self.estimate, self.verdict)

    @property
    def people(self) -> int | None:
        return len(self.of_team.values) if self.estimate else None

    @property
    def gap_words(self) -> str:
        if not self.gap:
            return "unknown" if self.gap is None else "no difference"
        return f"{how_many(abs(self.gap), 'step', 'steps')} {'too high' if self.gap > 0 else 'too low'}"


TABLE = Table(
    id="calibration",
    noun=("estimate", "estimates"),
    label="Estimates beside verdicts",
    columns=(
        Column("site", "Site", "of_team.site", url=lambda row: reverse("site", args=[row.of_team.slug]), sort=True,
               locked=True, phone="title", export="of_team.slug"),
        Column("team", "Team", "of_team.team", sort=True),
        Column("people", "People", numeric=True, text=lambda row: row.people or TOO_FEW),
        Column("estimate", "Estimate", text=lambda row: ESTIMATES[row.estimate] if row.estimate else TOO_FEW),
        Column("verdict", "Verdict", text=lambda row: ESTIMATES.get(row.verdict, "None"), sort=True),
        Column("gap", "Calibration gap", text=lambda row: row.gap_words, phone="status",
               sort=lambda row: -abs(row.gap or 0), tone=lambda row: "warn" if row.gap else ""),
    ),
    row_id=lambda row: f"{row.of_team.slug}-{row.of_team.team}",
    row_url=lambda row: reverse("site", args=[row.of_team.slug]),
    row_name="of_team.site",
    page="calibration",
    empty={
        "title": "Nobody has estimated a site",
        "text": "Add a question of the kind “Estimate of the site's readiness” to a survey.",
        "icon": "help-circle",
        "page": "survey-list",
        "action_label": "Surveys",
    },
)  # fmt: skip


@CALIBRATION.page
def page(request: HttpRequest) -> tuple[TablePage, Any]:
    at = now()
    site_estimates = estimates(now=at, since=at - PRACTISED)
    scores = SiteScore.objects.annotate_confirmed().filter(site__in={each.site_id for each in site_estimates})
    verdicts = dict(scores.values_list("site_id", "confirmed"))  # type: ignore[misc]
    rows = [CalibrationRow(each, verdicts.get(each.site_id) or "") for each in site_estimates]
    far = sum(1 for row in rows if row.gap)
    judged = sum(1 for row in rows if row.gap is not None)
    return tables.page(request, TABLE, rows), lambda: {"far": far, "judged": judged}
