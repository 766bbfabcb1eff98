"""Columns as data: the checks of one site, and one check over the sites."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
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

NOT_EVALUATED = {
    "title": "Not evaluated yet",
    "text": "Checks appear with the first evaluation of the site.",
    "icon": "clipboard-check",
}
NO_SITE = {
    "title": "No site has been evaluated",
    "text": "Add a site to the inventory; its checks follow with the first evaluation.",
    "icon": "clipboard-check",
}


def _tight(text: str) -> str:
    """Keep a short text on one line: a number and its unit belong together."""
    return text.replace(" ", "\N{NO-BREAK SPACE}") if len(text) <= 14 else text


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else _tight(str(format_value(value, unit)))


def _result(path: str = "", *, comparable: bool = False) -> dict[str, Column]:
    """Columns of a result: of the row itself, or at `path` of it; over sites its figures can be compared."""
    of: Any = attrgetter(path) if path else lambda row: row
    at = f"{path}." if path else ""
    figure: dict[str, Any] = {"unit_of": f"{at}unit", "sort": comparable or None, "numeric": True}
    columns = (
        Column("state", "State", f"{at}state", template="readiness/cells/state_and_tier.html",
               sort=lambda row: -SEVERITY[of(row).state], phone="status"),
        Column("value", "Measured", f"{at}value", lambda row: _number(of(row).value, of(row).unit), **figure),
        Column("margin", "Margin", f"{at}margin", lambda row: signed(of(row).margin, of(row).unit), **figure),
        # Beside the state a declaration is marked already.
        Column("tier", "Rests on", f"{at}tier", template="readiness/cells/tier.html", sort=True, default=False),
        Column("reason", "Why", f"{at}reason", phone="full"),
        Column("age", "Age", f"{at}age_s", lambda row: old(of(row).taken_at, of(row).age_s), file_unit="s", sort=True,
               numeric=True),
    )  # fmt: skip
    return {column.key: column for column in columns}


def checks_of_site(slug: str, pillars: Sequence[PillarChecks], *, may_request: bool = False) -> Table:
    """Every check of a site, in the framework's order until a column is chosen."""
    address = partial(link, "site-check", slug)
    result = _result()
    return Table(
        id="checks",
        noun=("check", "checks"),
        label="Checks of the site",
        columns=(
            result["state"],
            Column("check", "Check", "name", url=lambda row: address(row.id), template="readiness/cells/check.html",
                   sort=True, locked=True, phone="title"),
            result["value"],
            Column("threshold", "Limit", "threshold_text", lambda row: _tight(row.threshold_text), numeric=True),
            result["margin"],
            result["reason"],
            Column("gate", "Gate", sort=True),
            result["tier"],
            Column("waiver", "Waiver", lambda row: waiver_word(row, may_request=may_request),
                   url=lambda row: waiver_url(row, slug, may_request=may_request),
                   export=lambda row: row.state == CheckState.WAIVED),
            result["age"],
            Column("since", "Since", template="readiness/cells/instant.html", sort=True, default=False),
        ),
        filters=(
            RowFilter("state", "State", "state", CHECK_STATES),
            RowFilter("pillar", "Pillar", "pillar", [(group.pillar.id, group.pillar.name) for group in pillars]),
            RowFilter("gate", "Gate", "gate", [(gate, gate) for gate in Gate]),
            RowFilter("tier", "Rests on", "tier", TIERS),
        ),
        row_id="id",
        row_name="name",
        row_url=lambda row: address(row.id),
        empty=NOT_EVALUATED,
    )  # fmt: skip


def sites_of_check(check_id: str) -> Table:
    """One check at every site, worst first until a column is chosen."""

    def address(row: Any) -> str:
        return link("site-check", row.site.slug, check_id)

    result = _result("result", comparable=True)
    return Table(
        id="sites",
        noun=("site", "sites"),
        label="The check at every site",
        columns=(
            result["state"],
            Column("site", "Site", "site.name", url=address, sort=True, locked=True, phone="title"),
            Column("deployed", "Deployed", "deployed.it_kw", lambda row: power(row.deployed.it_kw, "kW").value,
                   sort=True, numeric=True, unit="kW"),
            result["value"],
            result["margin"],
            result["tier"],
            result["reason"],
            Column("owner", "Owner", "site.owner", template="readiness/cells/owner_of_site.html", sort=True),
            result["age"],
        ),
        filters=(
            RowFilter("state", "State", "result.state", CHECK_STATES),
            RowFilter("tier", "Rests on", "result.tier", TIERS),
        ),
        row_id="site.id",
        row_name="site.name",
        row_url=address,
        empty=NO_SITE,
    )  # fmt: skip
