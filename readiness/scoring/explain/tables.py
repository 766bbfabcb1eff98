"""Columns as data: the checks of a site that moved, and the sites that moved most."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from readiness.scoring.cards import link
from readiness.scoring.core.coalitions import CAUSES
from readiness.scoring.core.states import FlipCause
from readiness.scoring.explain import lines, words
from readiness.scoring.explain.asked import Asked
from readiness.scoring.explain.lines import CheckLine
from readiness.scoring.explain.queries import SiteMove
from web.tables import Column, Table
from web.units import number


def moved_checks() -> Table:
    """Of CheckLine."""
    return Table(
        id="moved-checks",
        noun=(_("check"), _("checks")),
        label=_("Checks that moved"),
        title=_("Checks that moved"),
        columns=(
            Column(
                "state",
                _("State"),
                value=lambda row: f"{row.from_state or '-'} → {row.to_state or '-'}",
                template="readiness/explain/states_cell.html",
                phone="status",
            ),
            Column(
                "check",
                _("Check"),
                value=lambda row: row.name,
                url=lambda row: row.url,
                template="readiness/cells/check.html",
                sort=lambda row: row.name,
                locked=True,
                phone="title",
                export=lambda row: row.id,
            ),
            Column("causes", _("Cause"), sort=lambda row: row.causes),
            Column(
                "share",
                _("Effect on the score"),
                text=lambda row: words.points(row.share),
                sort=lambda row: abs(row.share),
                numeric=True,
                export=lambda row: round(100 * row.share, 4),
                hint=_("Points of 100 of the site’s score"),
            ),
            Column("told", _("What moved"), template="readiness/explain/told_cell.html", phone="full"),
            *(_of_check(cause) for cause in CAUSES),
        ),
        row_id="id",
        row_name=lambda row: row.name,
        empty={
            "title": _("No check moved"),
            "text": _("Every check is in the state that it was in, for the same reasons."),
            "icon": "circle-check",
        },
    )


def _of_check(cause: FlipCause) -> Column:
    def share(row: CheckLine) -> float:
        return row.by[cause]

    return _share_column(cause, share, default=False)


def _of_site(cause: FlipCause) -> Column:
    def share(row: SiteMove) -> float:
        return 0.0 if row.came or row.went else row.move.by[cause]

    return _share_column(cause, share, default=True)


def _share_column(cause: FlipCause, share: Callable[[Any], float], *, default: bool) -> Column:
    return Column(
        str(cause),
        words.CAUSE_WORDS[cause],
        value=share,
        text=lambda row: lines.share_text(share(row)),
        sort=lambda row: abs(share(row)),
        numeric=True,
        default=default,
        export=lambda row: round(100 * share(row), 4),
        hint=words.MEANINGS[cause],
    )


def moved_sites(asked: Asked) -> Table:
    """Of SiteMove, what moved the score most first."""
    days = {key: value for key, value in asked.query.items() if key in ("start", "end")}
    return Table(
        id="moved-sites",
        noun=(_("site"), _("sites")),
        label=_("Sites that moved most"),
        title=_("Sites that moved most"),
        columns=(
            Column(
                "verdict",
                _("Verdict"),
                value=lambda row: f"{row.verdicts[0] or '-'} → {row.verdicts[1] or '-'}",
                template="readiness/explain/verdicts_cell.html",
                phone="status",
            ),
            Column(
                "site",
                _("Site"),
                value=lambda row: row.site.name,
                url=lambda row: link("explain", site=row.site.slug, **days),
                sort=lambda row: row.site.name,
                locked=True,
                phone="title",
                export=lambda row: row.site.slug,
            ),
            Column("region", _("Region"), value=lambda row: row.site.region.name, default=False),
            Column(
                "start",
                _("Before"),
                value=lambda row: None if row.came else row.move.start,
                text=lambda row: "" if row.came else words.score(row.move.start),
                sort=lambda row: -1.0 if row.came else row.move.start or 0.0,
                numeric=True,
            ),
            Column(
                "end",
                _("After"),
                value=lambda row: None if row.went else row.move.end,
                text=lambda row: "" if row.went else words.score(row.move.end),
                sort=lambda row: -1.0 if row.went else row.move.end or 0.0,
                numeric=True,
            ),
            Column(
                "change",
                _("Change"),
                value=lambda row: row.change,
                text=lambda row: _change(row),
                sort=lambda row: abs(row.weight),
                numeric=True,
                export=lambda row: round(100 * row.change, 4),
            ),
            *_of_fleet(),
            *(_of_site(cause) for cause in CAUSES),
        ),
        row_id=lambda row: row.site.pk,
        row_name=lambda row: row.site.name,
        empty={"title": _("No site to compare"), "text": "", "icon": "building-factory-2"},
        per_page=25,
    )


def _of_fleet() -> tuple[Column, ...]:
    """What the site did to the score of all, and by which weight."""
    return (
        Column(
            "adds",
            _("Effect on the score"),
            value=lambda row: row.weight,
            text=lambda row: words.points(row.weight),
            sort=lambda row: abs(row.weight),
            numeric=True,
            export=lambda row: round(100 * row.weight, 4),
            hint=_("Points of 100 of the score by deployed kW"),
        ),
        _kw("start_kw", _("Deployed before, kW"), lambda row: row.ends.start_kw),
        _kw("end_kw", _("Deployed after, kW"), lambda row: row.ends.end_kw),
    )


def _kw(column_id: str, head: Any, kw: Callable[[SiteMove], float | None]) -> Column:
    return Column(
        column_id,
        head,
        value=kw,
        text=lambda row: "" if (there := kw(row)) is None else number(there),
        sort=lambda row: kw(row) or 0.0,
        numeric=True,
        default=False,
    )


def _change(row: SiteMove) -> str:
    if row.came or row.went:
        return str(_("came") if row.came else _("went"))
    return words.points(row.change)
