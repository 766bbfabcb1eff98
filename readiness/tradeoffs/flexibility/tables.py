"""Freedom, fallbacks and concentration in words; tables of critical workloads and of sites."""

from collections.abc import Iterable, Mapping

from readiness.tradeoffs.flexibility.core import Concentration, FallbackState, Freedom
from readiness.tradeoffs.flexibility.queries import CriticalRow, FleetFlexibility, SiteFlexibility
from readiness.tradeoffs.units import number
from web.links import link
from web.tables import Column, RowFilter, Table
from web.units import how_many

MOST_NAMED = 6


def listed(slugs: Iterable[str], names: Mapping[str, str]) -> str:
    """The first names, and the number of further ones: a large fleet has hundreds of feasible sites."""
    ordered = sorted(names.get(slug, slug) for slug in slugs)
    message = ", ".join(ordered[:MOST_NAMED])
    more = len(ordered) - MOST_NAMED
    return message if more <= 0 else f"{message} and {more} more"


def if_lost(freedom: Freedom, names: Mapping[str, str]) -> str:
    if not freedom.runs_at:
        return "runs nowhere"
    sentences = []
    if len(freedom.runs_at) > 1:
        sentences.append(f"goes on at {len(freedom.runs_at) - 1} of {len(freedom.runs_at)} sites")
    if freedom.alternatives:
        sentences.append(f"may move to {listed(freedom.alternatives, names)}")
    elif freedom.undecided:
        sentences.append(f"{how_many(len(freedom.undecided), 'site', 'sites')} undecided")
    return "; ".join(sentences) or "nothing"


def shares(concentration: Concentration) -> str:
    """`NVIDIA 90 %, AMD 10 %`."""
    ordered = sorted(concentration.shares.items(), key=lambda share: (-share[1], share[0]))
    return ", ".join(f"{vendor} {number(round(share, 1))} %" for vendor, share in ordered)


def level_and_shares(concentration: Concentration) -> str:
    """`high: NVIDIA 90 %, AMD 10 %`; "" if no accelerator is counted."""
    return f"{concentration.level}: {shares(concentration)}" if concentration.level else ""


def index(concentration: Concentration) -> str | None:
    """`8 200 (high)`; None if no accelerator is counted."""
    if concentration.hhi is None:
        return None
    return f"{number(round(concentration.hhi))} of 10,000 ({concentration.level})"


def balance(fleet: FleetFlexibility) -> str:
    conformance = fleet.conformance
    share = "unknown" if conformance.value is None else f"{number(conformance.value)} {conformance.unit}"
    provenance = f", {conformance.provenance}" if conformance.provenance else ""
    vendors = index(fleet.concentration)
    return (
        f"conformance {share}{provenance}; {fleet.alternative_count} of {len(fleet.rows)} critical workloads "
        f"could run elsewhere, {fleet.tested_fallback_count} with a tested fallback; "
        f"{'vendors unknown' if vendors is None else f'vendor concentration {vendors}'}"
    )


def finding(fleet: FleetFlexibility) -> str:
    fewest = [site.fewest for site in fleet.sites if site.fewest is not None]
    if not fewest:
        return "No critical workload runs at a site in service."
    without = how_many(fewest.count(0), "site", "sites") if 0 in fewest else "none"
    sites = how_many(len(fewest), "site", "sites")
    return f"Of {sites} with critical workloads, {without} with one that has no alternative."


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


def _explored(row: CriticalRow) -> str:
    return link("tradeoffs", workload=row.slug)


_NO_WORKLOAD = {
    "title": "No critical workload",
    "text": "Muster looks for alternatives of critical workloads only. Declare a class as critical.",
    "icon": "stack-2",
    "action_url": "/tradeoffs/workloads/",
    "action_label": "Workload classes",
}


def critical(fleet: FleetFlexibility) -> Table:
    names = fleet.names

    return Table(
        id="critical",
        noun=("critical workload", "critical workloads"),
        label="Critical workloads",
        columns=(
            Column("workload", "Workload", value="name", url=_explored, sort=True, locked=True, phone="title",
                   export="slug"),
            Column("runs_at", "Runs at", value=lambda row: listed(row.freedom.runs_at, names), sort=True,
                   text=lambda row: listed(row.freedom.runs_at, names) or "nowhere", phone="full",
                   export=lambda row: ", ".join(row.freedom.runs_at)),
            Column("alternatives", "Alternatives", value=lambda row: len(row.freedom.alternatives), sort=True,
                   numeric=True, tone=lambda row: "" if row.freedom.alternatives else "bad", phone="status"),
            Column("where", "Feasible today", value=lambda row: listed(row.freedom.alternatives, names),
                   text=lambda row: listed(row.freedom.alternatives, names) or row.refused or "none",
                   export=lambda row: ", ".join(row.freedom.alternatives), phone="full"),
            Column("undecided", "Undecided", value=lambda row: len(row.freedom.undecided), sort=True, numeric=True,
                   hint="Sites where a figure that a limit needs is unknown"),
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
        row_url=_explored,
        default_sort="remaining",
        api="tradeoffs-flexibility",
        empty=_NO_WORKLOAD,
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
