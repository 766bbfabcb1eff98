"""Flexible areas and alternatives: lists, pages, forms and endpoints."""

from readiness.assessment.standards.models import Alternative, FlexibleArea
from web.kinds import Related
from web.kinds.columns import figure, name, plain, related
from web.kinds.declaring import declared
from web.tables import Column
from web.units import day

FLEXIBLE = declared(
    FlexibleArea,
    ("name", "kind", "layer", "why", "owner", "leaving_cost", "currency", "leaving_days", "bound_until", "shares"),
    [
        name(),
        plain("kind", "Kind"),
        plain("layer", "Layer"),
        related("owner", "Owner"),
        Column("leaving_cost", "Cost of leaving", numeric=True, sort="leaving_cost",
               text=lambda row: "" if row.leaving_cost is None else f"{row.leaving_cost:,.0f} {row.currency}"),
        figure("leaving_days", "Time to leave", "d"),
        plain("bound_until", "Bound until"),
        plain("why", "Why", phone="full"),
    ],
    hidden=("currency", "shares"),
    brief=("name", "kind", "layer"),
    search=("name", "why"),
    panel=("kind", "layer", "owner"),
    together=("shares",),
    room=("Flexible", "flexible"),
    icon="selector",
    hint="Choices that stay open on purpose, with the cost of leaving what is chosen now",
    related=(Related(Alternative, ("area",), ("name", "workload_class", "proven_on"), fills="area"),),
    empty={
        "title": "No flexible area yet",
        "text": "A flexible area is a choice that stays open on purpose: placement, vendor or allocation.",
    },
)  # fmt: skip
ALTERNATIVE = declared(
    Alternative,
    ("workload_class", "site", "area", "kind", "name", "proven_on", "proof"),
    [
        name(),
        related("workload_class", "Workload class"),
        Column("site", "Runs at", lambda row: row.site.name if row.site else "wherever it runs", sort="site__name"),
        plain("kind", "Kind"),
        plain("proven_on", "Last proven", text=lambda row: day(row.proven_on) if row.proven_on else "never",
              tone=lambda row: "" if row.proven_on else "warn", phone="status"),
        plain("proof", "Proof", phone="full"),
        related("area", "Flexible area"),
    ],
    brief=("name", "kind", "proven_on"),
    search=("name", "workload_class__name", "site__name", "proof"),
    panel=("workload_class", "site", "kind", "area"),
    room=("Flexible", "flexible"),
    icon="git-compare",
    hint="Where else, or on what else, critical workloads can run, and when that was last proven",
    then="The sites where the workload runs are evaluated again.",
    empty={
        "title": "No alternative yet",
        "text": "An alternative is another site, vendor or fabric for a critical workload. It counts once tried.",
    },
)  # fmt: skip
