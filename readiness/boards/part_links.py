"""Where a sub-measure on a check's page leads to: what proves it, and the form that declares the limit it lacks."""

from readiness.evidence.core.limits import OF_PLATFORM
from readiness.scoring.checks import placements
from readiness.scoring.core.states import ReasonCode
from readiness.scoring.queries.rows import PartRow
from web.links import link

PAGES = {
    "run": ("validation-run-detail", "Run "),
    "fact": ("recorded-fact-detail", "Fact "),
    "attestation": ("attestation-detail", "Attestation "),
    "ownership": ("assignment", "Assignment "),
    "owned-assets": ("assignment", "Assignment "),
    "review": ("review", "Go-live review #"),
    "source": ("source", "Source "),
}
"""Name and title of a page, by the kind that a reference to evidence begins with."""
OF_WORKLOADS = {
    placements.ENVELOPE_EVIDENCE: "Envelopes",
    placements.PLACEMENT_EVIDENCE: "Placements and rules",
}
LACKS_LIMIT = frozenset({ReasonCode.NO_LIMIT.value, ReasonCode.CANNOT_JUDGE.value})


def proof_link(evidence: str) -> dict[str, str] | None:
    """The page of what a result names as its evidence; None where that is no row with a page."""
    kind, _, pk = evidence.partition(":")
    for begins, label in OF_WORKLOADS.items():
        if evidence.startswith(begins):
            return {"url": link("workloads", site=pk), "label": label}
    if kind not in PAGES or not pk.isdecimal():
        return None
    name, words = PAGES[kind]
    return {"url": link(name, int(pk)), "label": f"{words}{pk}"}


def limit_form(part: PartRow | None, declared_on: str, site_slug: str) -> tuple[str, str]:
    """Addresses of the form to declare the limit and of that to set a floor: one of them, where a limit is lacking."""
    if part is None or not part.limit_id or part.limit_source or part.code not in LACKS_LIMIT:
        return "", ""
    if declared_on == OF_PLATFORM:
        return "", link("floor-add")
    return link("declared-limit-add", site=site_slug, limit=part.limit_id), ""
