"""Columns of the checks of one site."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from readiness.assessment.scoring.core.states import CHECK_STATES, TIERS, CheckState, Gate
from readiness.assessment.scoring.queries.rows import CheckRow
from readiness.boards.checks.answering import Answering
from readiness.boards.checks.tables import result_columns, unbroken
from readiness.boards.site.queries import PillarChecks
from readiness.boards.waivers.sentences import waiver_url, waiver_word
from web.links import link
from web.tables import Column, RowFilter, Table


def checks_of_site(
    slug: str,
    pillars: Sequence[PillarChecks],
    owner: Callable[[CheckRow], Answering],
    *,
    may_request: bool = False,
) -> Table:
    address = partial(link, "site-check", slug)
    result = result_columns()
    return Table(
        id="checks",
        noun=("check", "checks"),
        label="Checks of the site",
        columns=(
            result["state"],
            Column("check", "Check", "name", url=lambda row: address(row.id), template="readiness/cells/check.html",
                   sort=True, locked=True, phone="title"),
            result["value"],
            Column("threshold", "Limit", "threshold_text", lambda row: unbroken(row.threshold_text), numeric=True),
            replace(result["margin"], default=False),
            result["reason"],
            Column("owner", "Owner", owner, template="readiness/cells/answering.html",
                   sort=lambda row: owner(row).who, export=lambda row: owner(row).who),
            Column("gate", "Gate", sort=True),
            result["tier"],
            Column("waiver", "Waiver", lambda row: waiver_word(row, may_request=may_request),
                   url=lambda row: waiver_url(row, slug, may_request=may_request),
                   export=lambda row: row.state == CheckState.WAIVED),
            result["age"],
            Column("since", "Since", template="readiness/cells/instant.html", sort=True, default=False),
        ),
        filters=_check_filters(pillars),
        row_id="id",
        row_name="name",
        row_url=lambda row: address(row.id),
        nothing="readiness/nothing.html#checks",
    )  # fmt: skip


def _check_filters(pillars: Sequence[PillarChecks]) -> tuple[RowFilter, ...]:
    return (
        RowFilter("state", "State", "state", CHECK_STATES),
        RowFilter("pillar", "Pillar", "pillar", [(group.pillar.id, group.pillar.name) for group in pillars]),
        RowFilter("gate", "Gate", "gate", [(gate, gate) for gate in Gate]),
        RowFilter("tier", "Rests on", "tier", TIERS),
    )
