"""Short names of checks for the heads of narrow columns. A check without one goes by its full name."""

from django.utils.translation import gettext_lazy as _

from readiness.framework.core.definition import Check

SHORT = {
    "p1-commissioning-l5": _("Commissioned L5"),
    "p1-accelerator-diag": _("Accelerator diag"),
    "p1-intra-node": _("Intra-node"),
    "p1-fabric-collective": _("Fabric collective"),
    "p1-rdma-port": _("RDMA ports"),
    "p1-latency-under-load": _("p99 under load"),
    "p1-serving-latency": _("Serving latency"),
    "p1-multivendor-interop": _("Vendor pairs"),
    "p1-congestion": _("Congestion"),
    "p1-soak-24h": _("Soak 24 h"),
    "p2-envelope-declared": _("Envelopes"),
    "p2-orchestration-coverage": _("Orchestrated"),
    "p2-placement-latency": _("Path latency"),
    "p2-placement-jurisdiction": _("Jurisdiction"),
    "p2-unit-cost": _("Unit cost"),
    "p2-energy-kpis": _("Energy KPIs"),
    "p2-power-headroom": _("Power headroom"),
    "p2-cooling-headroom": _("Cooling headroom"),
    "p2-backup-power": _("Backup power"),
    "p2-failover-drill": _("Failover drill"),
    "p3-role-coverage": _("Role cover"),
    "p3-training-currency": _("Training"),
    "p3-competency-verified": _("Skill shown"),
    "p3-cross-domain-literacy": _("Cross-domain"),
    "p3-oncall-staffing": _("On call"),
    "p3-drill-participation": _("Drills"),
    "p3-shared-understanding": _("Shared answers"),
    "p3-capability-gap": _("Capability gap"),
    "p4-orchestration-owner": _("Named owner"),
    "p4-asset-ownership": _("Asset owners"),
    "p4-runbook-coverage": _("Runbooks"),
    "p4-documentation-currency": _("Documents"),
    "p4-standard-interfaces": _("Interfaces"),
    "p4-multivendor-standard": _("Vendor standards"),
    "p4-flexibility-preserved": _("Flexibility"),
    "p4-change-and-drift": _("Change, drift"),
    "p4-golive-review": _("Go-live review"),
    "p4-regulatory-register": _("Regulatory"),
    "p5-telemetry-coverage": _("Telemetry"),
    "p5-accelerator-health": _("Accelerators"),
    "p5-fabric-health": _("Fabric health"),
    "p5-revalidation": _("Revalidation"),
    "p5-baseline-regression": _("Baseline"),
    "p5-goodput": _("Goodput"),
    "p5-slo-compliance": _("SLO kept"),
    "p5-incident-learning": _("Incidents"),
    "p5-ops-planner-loop": _("Planner loop"),
    "p5-forecast-accuracy": _("Forecasts"),
}


def short_name(check: Check) -> str:
    return str(SHORT.get(check.id, check.name))
