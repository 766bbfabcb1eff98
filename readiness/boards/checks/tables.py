"""Columns of a check's results, at all sites."""

from operator import attrgetter
from typing import Any

from readiness.assessment.scoring.core.combine import SEVERITY
from readiness.assessment.scoring.core.states import CHECK_STATES, TIERS
from web.ages import old
from web.links import link
from web.tables import Column, RowFilter, Table
from web.units import format_value, power, signed


def unbroken(text: str) -> str:
    """Keep a short text on one line, so that a number and its unit stay together."""
    return text.replace(" ", "\N{NO-BREAK SPACE}") if len(text) <= 14 else text


def _number(value: float | None, unit: str) -> str:
    return "" if value is None else unbroken(str(format_value(value, unit)))


def result_columns(path: str = "", *, comparable: bool = False) -> dict[str, Column]:
    of: Any = attrgetter(path) if path else lambda row: row
    at = f"{path}." if path else ""
    figure: dict[str, Any] = {"unit_of": f"{at}unit", "sort": comparable or None, "numeric": True}
    columns = (
        Column("state", "State", f"{at}state", template="readiness/cells/state_and_tier.html",
               sort=lambda row: -SEVERITY[of(row).state], phone="status"),
        Column("value", "Measured", f"{at}value", lambda row: _number(of(row).value, of(row).unit), **figure),
        Column("margin", "Margin", f"{at}margin", lambda row: signed(of(row).margin, of(row).unit), **figure),
        # The state column already marks a declaration.
        Column("tier", "Rests on", f"{at}tier", template="readiness/cells/tier.html", sort=True, default=False),
        Column("reason", "Why", f"{at}reason", phone="full"),
        Column("age", "Age", f"{at}age_s", lambda row: old(of(row).taken_at, of(row).age_s), file_unit="s", sort=True,
               numeric=True),
    )  # fmt: skip
    return {column.key: column for column in columns}


def sites_of_check(check_id: str) -> Table:
    def address(row: Any) -> str:
        return link("site-check", row.site.slug, check_id)

    result = result_columns("result", comparable=True)
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
        nothing="readiness/nothing.html#sites-of-check",
    )  # fmt: skip
