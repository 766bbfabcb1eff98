"""Critical workloads with their alternatives, and sites with conformance and vendors, as lists."""

from readiness.tradeoffs.core.flexibility import FallbackState
from readiness.tradeoffs.flexibility.queries import CriticalRow, FleetFlexibility, SiteFlexibility
from readiness.tradeoffs.flexibility.sentences import if_lost, index, listed, shares
from web.links import link
from web.tables import Column, RowFilter, Table

FALLBACKS = {
    FallbackState.TESTED: ("Tested", "ok"),
    FallbackState.TEST_OLD: ("Test too old", "warn"),
    FallbackState.UNTESTED: ("Not all tested", "warn"),
    FallbackState.NOT_FEASIBLE: ("No feasible site", "bad"),
    FallbackState.NONE: ("Unknown", "unknown"),
}
COUNTS = (("none", "No other"), ("one", "One"), ("several", "Several"))


def record_url(row: CriticalRow | SiteFlexibility) -> str:
    if row.record is None:
        return ""
    return link(
        "attestation-detail" if row.record.kind == "attestation" else "recorded-fact-detail", row.record.pk
    )


def filters(fleet: FleetFlexibility) -> tuple[RowFilter, ...]:
    homes = sorted({slug for row in fleet.rows for slug in row.freedom.runs_at})
    states = [(state.value, label) for state, (label, _tone) in FALLBACKS.items()]
    return (
        RowFilter(
            "site",
            "Runs at",
            lambda row: frozenset(row.freedom.runs_at),
            [(slug, fleet.names.get(slug, slug)) for slug in homes],
        ),
        RowFilter("alternatives", "Alternatives", "count", COUNTS),
        RowFilter("fallback", "Fallback", "freedom.fallback.value", states),
    )


def critical(fleet: FleetFlexibility) -> Table:
    names = fleet.names

    def explored(row: CriticalRow) -> str:
        return link("tradeoffs", workload=row.slug)

    return Table(
        id="critical",
        noun=("critical workload", "critical workloads"),
        label="Critical workloads",
        columns=(
            Column("workload", "Workload", value="name", url=explored, sort=True, locked=True, phone="title",
                   export="slug"),
            Column("runs_at", "Runs at", value=lambda row: listed(row.freedom.runs_at, names), sort=True,
                   text=lambda row: listed(row.freedom.runs_at, names) or "nowhere",
                   export=lambda row: ", ".join(row.freedom.runs_at)),
            Column("alternatives", "Alternatives", value=lambda row: len(row.freedom.alternatives), sort=True,
                   numeric=True, tone=lambda row: "" if row.freedom.alternatives else "bad", phone="status"),
            Column("where", "Feasible today", value=lambda row: listed(row.freedom.alternatives, names),
                   text=lambda row: listed(row.freedom.alternatives, names) or row.refused or "none",
                   export=lambda row: ", ".join(row.freedom.alternatives), phone="full"),
            Column("undecided", "Undecided", value=lambda row: len(row.freedom.undecided), sort=True, numeric=True,
                   hint="Sites of which something is unknown that a limit asks for"),
            Column("remaining", "If its site is lost", value="freedom.remaining", sort=True,
                   text=lambda row: if_lost(row.freedom, names), phone="full",
                   tone=lambda row: "" if row.freedom.remaining else "bad"),
            Column("fallback", "Fallback", value="freedom.fallback.value", sort=True,
                   text=lambda row: FALLBACKS[row.freedom.fallback][0],
                   tone=lambda row: FALLBACKS[row.freedom.fallback][1]),
            Column("tested_on", "Last attested", value="record.taken_on",
                   sort=lambda row: row.record.taken_on.isoformat() if row.record else "", url=record_url),
        ),
        filters=filters(fleet),
        row_id="slug",
        row_name="name",
        row_url=explored,
        default_sort="remaining",
        api="tradeoffs-flexibility",
        empty={
            "title": "No critical workload",
            "text": "Alternatives are looked for where a loss is worst: declare a class as critical.",
            "icon": "stack-2",
            "action_url": "/tradeoffs/workloads/",
            "action_label": "Workload classes",
        },
    )  # fmt: skip


def sites() -> Table:
    return Table(
        id="sites-flexibility",
        noun=("site", "sites"),
        label="Sites",
        columns=(
            Column("site", "Site", value="name", url=lambda row: link("site", row.slug), sort=True, locked=True,
                   phone="title", export="slug"),
            Column("conformance", "Conformance", value="conformance.value", unit="%", sort=True, numeric=True,
                   url=record_url),
            Column("attested_on", "Attested", value="record.taken_on"),
            Column("workloads", "Critical workloads", value="critical_workloads", numeric=True),
            Column("fewest", "Fewest alternatives", value="fewest", numeric=True),
            Column("vendors", "Accelerators by vendor", value=lambda row: shares(row.vendors), phone="full"),
            Column("hhi", "Concentration", value="vendors.hhi", numeric=True,
                   text=lambda row: index(row.vendors) or "unknown"),
        ),
        search=False,
        row_id="slug",
        row_name="name",
    )  # fmt: skip
