"""Columns as data: the checks of a site that moved, and the sites that moved most."""

from collections.abc import Callable
from typing import Any

from readiness.boards.explain import lines, words
from readiness.boards.explain.lines import MovedCheckLine
from readiness.boards.explain.params import Asked
from readiness.boards.explain.queries import SiteMove
from readiness.scoring.core.coalitions import CAUSES
from readiness.scoring.core.states import FlipCause
from web.links import link
from web.tables import Column, Table
from web.units import number


def moved_checks() -> Table:
    """The table of MovedCheckLine."""
    return Table(
        id="moved-checks",
        noun=("check", "checks"),
        label="Checks that moved",
        title="Checks that moved",
        columns=(
            Column(
                "state",
                "State",
                value=lambda row: f"{row.from_state or '-'} → {row.to_state or '-'}",
                template="readiness/explain/states_cell.html",
                phone="status",
            ),
            Column(
                "check",
                "Check",
                value=lambda row: row.name,
                url=lambda row: row.url,
                template="readiness/cells/check.html",
                sort=lambda row: row.name,
                locked=True,
                phone="title",
                export=lambda row: row.id,
            ),
            Column("causes", "Cause", sort=lambda row: row.causes),
            Column(
                "share",
                "Effect on the score",
                text=lambda row: words.points(row.share),
                sort=lambda row: abs(row.share),
                numeric=True,
                export=lambda row: _points(row.share),
                file_unit="points",
                hint="Points of 100 of the site’s score",
            ),
            Column(
                "told",
                "What moved",
                value=lambda row: row.sentence,
                template="readiness/explain/told_cell.html",
                phone="full",
            ),
            *(_of_check(cause) for cause in CAUSES),
        ),
        row_id="id",
        row_name=lambda row: row.name,
        empty={
            "title": "No check moved",
            "text": "Every check is in the state that it was in, for the same reasons.",
            "icon": "circle-check",
        },
    )


def _of_check(cause: FlipCause) -> Column:
    def share(row: MovedCheckLine) -> float:
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
        export=lambda row: _points(share(row)),
        file_unit="points",
        hint=words.MEANINGS[cause],
    )


def moved_sites(asked: Asked) -> Table:
    """The rows are SiteMove; what moved the score most comes first."""
    days = {key: value for key, value in asked.query.items() if key in ("start", "end")}
    return Table(
        id="moved-sites",
        noun=("site", "sites"),
        label="Sites that moved most",
        title="Sites that moved most",
        columns=(
            Column(
                "verdict",
                "Verdict",
                value=lambda row: f"{row.verdicts[0] or '-'} → {row.verdicts[1] or '-'}",
                template="readiness/explain/verdicts_cell.html",
                phone="status",
            ),
            Column(
                "site",
                "Site",
                value=lambda row: row.site.name,
                url=lambda row: link("explain", site=row.site.slug, **days),
                sort=lambda row: row.site.name,
                locked=True,
                phone="title",
                export=lambda row: row.site.slug,
            ),
            Column("region", "Region", value=lambda row: row.site.region.name, default=False),
            _level("start", "Before", lambda row: None if row.came else row.move.start),
            _level("end", "After", lambda row: None if row.went else row.move.end),
            Column(
                "change",
                "Change",
                value=lambda row: row.change,
                text=lambda row: _change(row),
                sort=lambda row: abs(row.weight),
                numeric=True,
                export=lambda row: _points(row.change),
                file_unit="points",
            ),
            *_of_fleet(),
            *(_of_site(cause) for cause in CAUSES),
        ),
        row_id=lambda row: row.site.pk,
        row_name=lambda row: row.site.name,
        empty={"title": "No site to compare", "text": "", "icon": "building-factory-2"},
        per_page=25,
    )


def _of_fleet() -> tuple[Column, ...]:
    """The site's effect on the score of all, and its weight at both ends."""
    return (
        Column(
            "adds",
            "Effect on the score",
            value=lambda row: row.weight,
            text=lambda row: words.points(row.weight),
            sort=lambda row: abs(row.weight),
            numeric=True,
            export=lambda row: _points(row.weight),
            file_unit="points",
            hint="Points of 100 of the score by deployed kW",
        ),
        _kw("start_kw", "Deployed before, kW", lambda row: row.ends.start_kw),
        _kw("end_kw", "Deployed after, kW", lambda row: row.ends.end_kw),
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


def _level(key: str, label: str, score: Callable[[SiteMove], float | None]) -> Column:
    """The score of a site at one end; nothing where the site was not there yet, or any more."""
    return Column(
        key,
        label,
        value=score,
        text=lambda row: "" if score(row) is None else words.score(score(row)),
        sort=lambda row: -1.0 if score(row) is None else score(row),
        numeric=True,
        export=lambda row: _points(score(row)),
        file_unit="points",
    )


def _points(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 4)


def _change(row: SiteMove) -> str:
    if row.came or row.went:
        return str("came" if row.came else "went")
    return words.points(row.change)
