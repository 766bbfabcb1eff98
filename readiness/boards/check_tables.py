"""Columns as data: the checks of one site, and one check over the sites."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

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
        _("Waiver"),
        value=lambda row: waiver_word(row, may_request=may_request),
        url=lambda row: waiver_url(row, slug, may_request=may_request),
        export=lambda row: row.state == CheckState.WAIVED,
    )


def _figure_columns() -> tuple[Column, ...]:
    """The value that was measured, its limit, and the margin between them."""
    return (
        Column(
            "value",
            _("Measured"),
            value=lambda row: row.value,
            text=lambda row: _number(row.value, row.unit),
            unit_of=lambda row: row.unit,
            numeric=True,
        ),
        Column(
            "threshold",
            _("Limit"),
            value=lambda row: row.threshold_text,
            text=lambda row: _tight(row.threshold_text),
            numeric=True,
        ),
        Column(
            "margin",
            _("Margin"),
            value=lambda row: row.margin,
            text=lambda row: signed(row.margin, row.unit),
            unit_of=lambda row: row.unit,
            numeric=True,
        ),
    )


def _tier_column(tier: Callable[[Any], str]) -> Column:
    """Whether a measurement or a declaration decided; beside the state a declaration is marked already."""
    return Column(
        "tier", _("Rests on"), value=tier, template="readiness/cells/tier.html", sort=tier, default=False
    )


def check_columns(slug: str, *, may_request: bool = False) -> tuple[Column, ...]:
    """Columns of the checks of one site; the address of each check needs the site."""
    address = partial(link, "site-check", slug)
    return (
        Column(
            "state",
            _("State"),
            value=lambda row: row.state,
            template="readiness/cells/state_and_tier.html",
            sort=lambda row: -SEVERITY[row.state],
            phone="status",
        ),
        Column(
            "check",
            _("Check"),
            value=lambda row: row.name,
            url=lambda row: address(row.id),
            template="readiness/cells/check.html",
            sort=lambda row: row.name,
            locked=True,
            phone="title",
        ),
        *_figure_columns(),
        Column("reason", _("Why"), value=lambda row: row.reason, phone="full"),
        Column("gate", _("Gate"), value=lambda row: row.gate, sort=lambda row: row.gate),
        _tier_column(lambda row: row.tier),
        _waiver_column(slug, may_request),
        Column(
            "age",
            _("Age"),
            value=lambda row: row.age_s,
            text=lambda row: old(row.taken_at, row.age_s),
            file_unit="s",
            sort=lambda row: row.age_s,
            numeric=True,
        ),
        Column(
            "since",
            _("Since"),
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
            _("Deployed"),
            value=lambda row: row.deployed.it_kw,
            text=lambda row: power(row.deployed.it_kw, "kW").value,
            sort=lambda row: row.deployed.it_kw,
            numeric=True,
            unit="kW",
        ),
        Column(
            "value",
            _("Measured"),
            value=lambda row: row.result.value,
            text=lambda row: _number(row.result.value, row.result.unit),
            unit_of=lambda row: row.result.unit,
            sort=lambda row: row.result.value,
            numeric=True,
        ),
        Column(
            "margin",
            _("Margin"),
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
            _("State"),
            value=lambda row: row.result.state,
            template="readiness/cells/state_and_tier.html",
            sort=lambda row: -SEVERITY[row.result.state],
            phone="status",
        ),
        Column(
            "site",
            _("Site"),
            value=lambda row: row.site.name,
            url=lambda row: link("site-check", row.site.slug, check_id),
            sort=lambda row: row.site.name,
            locked=True,
            phone="title",
        ),
        *_site_figure_columns(),
        _tier_column(lambda row: row.result.tier),
        Column("reason", _("Why"), value=lambda row: row.result.reason, phone="full"),
        Column(
            "owner",
            _("Owner"),
            value=lambda row: row.site.owner,
            template="readiness/cells/owner_of_site.html",
            sort=lambda row: row.site.owner,
        ),
        Column(
            "age",
            _("Age"),
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
        noun=(_("check"), _("checks")),
        label=_("Checks of the site"),
        columns=check_columns(slug, may_request=may_request),
        filters=(
            RowFilter("state", _("State"), lambda row: row.state, CHECK_STATES),
            RowFilter(
                "pillar",
                _("Pillar"),
                lambda row: row.pillar,
                [(group.pillar.id, group.pillar.name) for group in pillars],
            ),
            RowFilter("gate", _("Gate"), lambda row: row.gate, [(gate, gate) for gate in GATES]),
            RowFilter("tier", _("Rests on"), lambda row: row.tier, TIERS),
        ),
        row_id="id",
        row_name="name",
        row_url=lambda row: link("site-check", slug, row.id),
        empty={
            "title": _("Not evaluated yet"),
            "text": _("Checks appear with the first evaluation of the site."),
            "icon": "clipboard-check",
        },
    )


def sites_of_check(check_id: str) -> Table:
    """One check at every site, worst first until a column is chosen."""
    return Table(
        id="sites",
        noun=(_("site"), _("sites")),
        label=_("The check at every site"),
        columns=check_site_columns(check_id),
        filters=(
            RowFilter("state", _("State"), lambda row: row.result.state, CHECK_STATES),
            RowFilter("tier", _("Rests on"), lambda row: row.result.tier, TIERS),
        ),
        row_id=lambda row: row.site.id,
        row_name=lambda row: row.site.name,
        row_url=lambda row: link("site-check", row.site.slug, check_id),
        empty={
            "title": _("No site has been evaluated"),
            "text": _("Add a site to the inventory; its checks follow with the first evaluation."),
            "icon": "clipboard-check",
        },
    )
