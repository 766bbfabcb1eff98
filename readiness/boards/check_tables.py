"""Columns as data: the checks of one site, and one check over the sites."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from readiness.boards.queries.site import PillarChecks
from readiness.boards.waivers.sentences import waiver_url, waiver_word
from readiness.framework.core.vocabulary import Gate
from readiness.scoring.choices import CHECK_STATES, TIERS
from readiness.scoring.core.combine import SEVERITY
from readiness.scoring.core.states import CheckState
from web.ages import old
from web.links import link
from web.tables import Column, RowFilter, Table
from web.units import format_value, power, signed

GATES = tuple(Gate)


def _tight(text: str) -> str:
    """Keep a short text on one line: a number and its unit belong together."""
    return text.replace(" ", "\N{NO-BREAK SPACE}") if len(text) <= 14 else text


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    shown = format_value(value, unit)
    return _tight(f"{shown.value} {shown.unit}".strip())


def _waiver_column(slug: str, may_request: bool) -> Column:
    """The way to the waiver of a row, or to asking for one."""
    return Column(
        "waiver",
        "Waiver",
        value=lambda row: waiver_word(row, may_request=may_request),
        url=lambda row: waiver_url(row, slug, may_request=may_request),
        export=lambda row: row.state == CheckState.WAIVED,
    )


def _figure_columns() -> tuple[Column, ...]:
    """The value that was measured, its limit, and the margin between them."""
    return (
        Column(
            "value",
            "Measured",
            value=lambda row: row.value,
            text=lambda row: _number(row.value, row.unit),
            unit_of=lambda row: row.unit,
            numeric=True,
        ),
        Column(
            "threshold",
            "Limit",
            value=lambda row: row.threshold_text,
            text=lambda row: _tight(row.threshold_text),
            numeric=True,
        ),
        Column(
            "margin",
            "Margin",
            value=lambda row: row.margin,
            text=lambda row: signed(row.margin, row.unit),
            unit_of=lambda row: row.unit,
            numeric=True,
        ),
    )


def _tier_column(tier: Callable[[Any], str]) -> Column:
    """Whether a measurement or a declaration decided; beside the state a declaration is marked already."""
    return Column(
        "tier", "Rests on", value=tier, template="readiness/cells/tier.html", sort=tier, default=False
    )


def check_columns(slug: str, *, may_request: bool = False) -> tuple[Column, ...]:
    """Columns of the checks of one site; the address of each check needs the site."""
    address = partial(link, "site-check", slug)
    return (
        Column(
            "state",
            "State",
            value=lambda row: row.state,
            template="readiness/cells/state_and_tier.html",
            sort=lambda row: -SEVERITY[row.state],
            phone="status",
        ),
        Column(
            "check",
            "Check",
            value=lambda row: row.name,
            url=lambda row: address(row.id),
            template="readiness/cells/check.html",
            sort=lambda row: row.name,
            locked=True,
            phone="title",
        ),
        *_figure_columns(),
        Column("reason", "Why", value=lambda row: row.reason, phone="full"),
        Column("gate", "Gate", value=lambda row: row.gate, sort=lambda row: row.gate),
        _tier_column(lambda row: row.tier),
        _waiver_column(slug, may_request),
        Column(
            "age",
            "Age",
            value=lambda row: row.age_s,
            text=lambda row: old(row.taken_at, row.age_s),
            file_unit="s",
            sort=lambda row: row.age_s,
            numeric=True,
        ),
        Column(
            "since",
            "Since",
            value=lambda row: row.since,
            template="readiness/cells/instant.html",
            sort=lambda row: row.since,
            default=False,
        ),
    )


def _site_figure_columns() -> tuple[Column, ...]:
    """The capacity that a result concerns, and its figures."""
    return (
        Column(
            "deployed",
            "Deployed",
            value=lambda row: row.deployed.it_kw,
            text=lambda row: power(row.deployed.it_kw, "kW").value,
            sort=lambda row: row.deployed.it_kw,
            numeric=True,
            unit="kW",
        ),
        Column(
            "value",
            "Measured",
            value=lambda row: row.result.value,
            text=lambda row: _number(row.result.value, row.result.unit),
            unit_of=lambda row: row.result.unit,
            sort=lambda row: row.result.value,
            numeric=True,
        ),
        Column(
            "margin",
            "Margin",
            value=lambda row: row.result.margin,
            text=lambda row: signed(row.result.margin, row.result.unit),
            unit_of=lambda row: row.result.unit,
            sort=lambda row: row.result.margin,
            numeric=True,
        ),
    )


def check_site_columns(check_id: str) -> tuple[Column, ...]:
    """Columns of one check over the sites."""
    return (
        Column(
            "state",
            "State",
            value=lambda row: row.result.state,
            template="readiness/cells/state_and_tier.html",
            sort=lambda row: -SEVERITY[row.result.state],
            phone="status",
        ),
        Column(
            "site",
            "Site",
            value=lambda row: row.site.name,
            url=lambda row: link("site-check", row.site.slug, check_id),
            sort=lambda row: row.site.name,
            locked=True,
            phone="title",
        ),
        *_site_figure_columns(),
        _tier_column(lambda row: row.result.tier),
        Column("reason", "Why", value=lambda row: row.result.reason, phone="full"),
        Column(
            "owner",
            "Owner",
            value=lambda row: row.site.owner,
            template="readiness/cells/owner_of_site.html",
            sort=lambda row: row.site.owner,
        ),
        Column(
            "age",
            "Age",
            value=lambda row: row.result.age_s,
            text=lambda row: old(row.result.taken_at, row.result.age_s),
            file_unit="s",
            sort=lambda row: row.result.age_s,
            numeric=True,
        ),
    )


def checks_of_site(slug: str, pillars: Sequence[PillarChecks], *, may_request: bool = False) -> Table:
    """Every check of a site, in the framework's order until a column is chosen."""
    return Table(
        id="checks",
        noun=("check", "checks"),
        label="Checks of the site",
        columns=check_columns(slug, may_request=may_request),
        filters=(
            RowFilter("state", "State", lambda row: row.state, CHECK_STATES),
            RowFilter(
                "pillar",
                "Pillar",
                lambda row: row.pillar,
                [(group.pillar.id, group.pillar.name) for group in pillars],
            ),
            RowFilter("gate", "Gate", lambda row: row.gate, [(gate, gate) for gate in GATES]),
            RowFilter("tier", "Rests on", lambda row: row.tier, TIERS),
        ),
        row_id="id",
        row_name="name",
        row_url=lambda row: link("site-check", slug, row.id),
        empty={
            "title": "Not evaluated yet",
            "text": "Checks appear with the first evaluation of the site.",
            "icon": "clipboard-check",
        },
    )


def sites_of_check(check_id: str) -> Table:
    """One check at every site, worst first until a column is chosen."""
    return Table(
        id="sites",
        noun=("site", "sites"),
        label="The check at every site",
        columns=check_site_columns(check_id),
        filters=(
            RowFilter("state", "State", lambda row: row.result.state, CHECK_STATES),
            RowFilter("tier", "Rests on", lambda row: row.result.tier, TIERS),
        ),
        row_id=lambda row: row.site.id,
        row_name=lambda row: row.site.name,
        row_url=lambda row: link("site-check", row.site.slug, check_id),
        empty={
            "title": "No site has been evaluated",
            "text": "Add a site to the inventory; its checks follow with the first evaluation.",
            "icon": "clipboard-check",
        },
    )
