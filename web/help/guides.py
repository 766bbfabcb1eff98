"""Which guide explains a page."""

from dataclasses import dataclass
from functools import cache

from web.help.documents import DOCS, rows_of

GUIDES = DOCS / "guides"
OF_ALL_PAGES = "pages"
# By the beginning of the address; the longest one counts.
GUIDE_OF = {
    "/actions/": "findings",
    "/alerts/": "alerts",
    "/approvals/": "access",
    "/backups/": "backup",
    "/decisions/": "tradeoffs",
    "/deliveries/": "deliveries",
    "/demo/": "demo",
    "/escalations/": "escalation",
    "/evidence/": "evidence",
    "/findings/": "findings",
    "/fleet/": "gap",
    "/inbound/": "inbound",
    "/incidents/": "incidents",
    "/inventory/": "inventory",
    "/lessons/": "incidents",
    "/login/": "signin",
    "/ownership/": "ownership",
    "/people/": "people",
    "/problems/": "problems",
    "/readiness/": "framework",
    "/readiness/campaigns/": "golive",
    "/readiness/explain/": "explain",
    "/readiness/gap/": "gap",
    "/readiness/interop/": "evidence",
    "/readiness/report/": "gap",
    "/readiness/reviews/": "golive",
    "/readiness/road/": "road",
    "/readiness/worklist/": "golive",
    "/settings/access/": "access",
    "/settings/alerts/": "escalation",
    "/settings/channels/": "channels",
    "/settings/group-rules/": "signin",
    "/settings/second-factor/": "signin",
    "/settings/sessions/": "signin",
    "/settings/security-log/": "audit",
    "/settings/users/": "access",
    "/silences/": "silences",
    "/sites/": "framework",
    "/standards/": "standards",
    "/standards/certificates/": "duties",
    "/standards/duties/": "duties",
    "/standards/duty-profiles/": "duties",
    "/standards/energy-figures/": "duties",
    "/standards/legal-duties/": "duties",
    "/telemetry/": "telemetry",
    "/telemetry/explore/": "explore",
    "/telemetry/import-rules/": "telemetry",
    "/telemetry/unit-rules/": "telemetry",
    "/telemetry/mapping-rules/": "telemetry",
    "/telemetry/scrape-targets/": "agent",
    "/telemetry/status/": "operations",
    "/timeline/": "timeline",
    "/tradeoffs/": "tradeoffs",
    "/tradeoffs/factors/": "factors",
    "/tradeoffs/portfolio/": "portfolio",
    "/tradeoffs/rates/": "factors",
    "/tradeoffs/rules/": "rules",
    "/tradeoffs/workloads/": "workloads",
    "/waivers/": "waivers",
}


@dataclass(frozen=True, slots=True)
class Guide:
    """`summary` completes "explains how to"."""

    name: str
    summary: str

    @property
    def title(self) -> str:
        return {"golive": "Go-live", "signin": "Sign-in", "tradeoffs": "Trade-offs"}.get(
            self.name, self.name.capitalize()
        )


@cache
def guides() -> dict[str, Guide]:
    """Guides by name, in the order of their table; those for who changes Muster are left out."""
    links = ((cells[0], cells[1]) for cells in rows_of(GUIDES / "README.md") if cells[0].startswith("["))
    summaries = {cell[1:].partition("]")[0]: summary for cell, summary in links}
    return {name: Guide(name, summary) for name, summary in summaries.items() if name != "kinds"}


def guide_of(path: str) -> Guide:
    beginnings = [each for each in GUIDE_OF if path.startswith(each)]
    name = GUIDE_OF[max(beginnings, key=len)] if beginnings else OF_ALL_PAGES
    return guides().get(name) or guides()[OF_ALL_PAGES]
