"""The address of each route, with objects of the fleet that pages are looked at on in the place of its parameters."""

import re

from accounts.models import SavedView, User
from readiness.assessment.evidence.models import (
    Attestation,
    DeclaredLimit,
    Floor,
    RecordedFact,
    Review,
    ReviewAction,
    ValidationRun,
)
from readiness.assessment.framework.models import FrameworkVersion
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.models import HealthReason
from readiness.assessment.standards.models import (
    Alternative,
    DeviationWaiver,
    FlexibleArea,
    Standard,
    StandardVersion,
)
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis, Rule, RulePack
from readiness.demand.workloads.models import Placement
from readiness.golive.models import Approver, Campaign, CampaignItem, WorkItem, WorkPlan
from readiness.loop.actions.models import Action
from readiness.loop.alerts.models import Alert, Subscription
from readiness.loop.findings.models import Finding, JointReview
from readiness.organisation.ownership.models import Assignment
from readiness.organisation.people.models import Person
from readiness.tradeoffs.models import Decision, PortfolioRun, SiteFactor
from telemetry.drift.models import InventoryDrift
from telemetry.models import ImportedFile, ImportRule, MappingRule, ScrapeTarget, Source, UnitRule
from web import clock
from web.audit import AuditEntry
from web.delivery.models import Channel, Message
from web.kinds.kind import KIND_OF
from web.kinds.models import FileImport


def kind_of(route):
    """The kind whose list has the beginning of this address; the longest, where one lies below another."""
    listed = [kind for kind in KIND_OF.values() if "list" in {*kind.pages, *kind.names}]
    lists = {kind.url("list").removeprefix("/"): kind for kind in listed}
    found = [address for address in lists if address and route.startswith(address)]
    return lists[max(found, key=len)] if found else None


def address(route):
    """The route with what there is in the place of its parameters."""
    values = {"pk": str(pk_of(route)), "slug": "porto", "check_id": "p5-accelerator-health", "form": "json"}
    values |= {
        "step": "1",
        "domain": "energy",
        "pillar_id": "p5",
        "part_id": "still-scheduling",
        "table_id": "sites",
    }
    values |= {"name": "hours", "guide": "gap", "picture": "fleet.webp", "number": "1"}
    values |= {"mark": "0" * 16, "file": str(ImportedFile.objects.values_list("pk", flat=True).first())}
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: values[found[1]], route)


def saved_views():
    admin = User.objects.get(username="admin")
    SavedView.objects.get_or_create(owner=admin, table="device-list", name="Nodes", query="role=node")
    return admin.saved_views.all()


# The first whose beginning a route has; those of other kinds are their first row.
ROWS = {
    "evidence/runs/": lambda: ValidationRun.objects.all(),
    "readiness/worklist/": lambda: WorkItem.objects.all(),
    "readiness/road/": lambda: WorkPlan.objects.all(),
    "standards/versions/": lambda: StandardVersion.objects.filter(status="draft"),
    "standards/waivers/": lambda: DeviationWaiver.objects.filter(state="requested"),
    "standards/flexible-areas/": lambda: FlexibleArea.objects.order_by("pk"),
    "standards/alternatives/": lambda: Alternative.objects.order_by("pk"),
    "standards/": lambda: Standard.objects.order_by("pk"),
    "waivers/": lambda: Grant.objects.filter(state="requested"),
    "decisions/": lambda: Decision.objects.filter(state="approved"),
    "evidence/facts/": lambda: RecordedFact.objects.all(),
    "evidence/attestations/": lambda: Attestation.objects.all(),
    "evidence/limits/": lambda: DeclaredLimit.objects.all(),
    "evidence/floors/": lambda: Floor.objects.all(),
    "readiness/campaigns/items/": lambda: CampaignItem.objects.order_by("pk"),
    "readiness/campaigns/": lambda: Campaign.objects.all(),
    "readiness/reviews/actions/": lambda: ReviewAction.objects.all(),
    "readiness/reviews/approvers/": lambda: Approver.objects.all(),
    "readiness/reviews/": lambda: Review.objects.filter(state="open"),
    "readiness/framework/": lambda: FrameworkVersion.objects.filter(status="draft"),
    "tradeoffs/factors/": lambda: SiteFactor.objects.order_by("pk"),
    "tradeoffs/portfolio/": lambda: PortfolioRun.objects.all(),
    "tradeoffs/rules/packs/": lambda: RulePack.objects.all(),
    "tradeoffs/rules/origins/": lambda: DataOrigin.objects.all(),
    "tradeoffs/rules/bases/": lambda: HeldBasis.objects.all(),
    "tradeoffs/rules/": lambda: Rule.objects.order_by("pk"),
    "ownership/": lambda: Assignment.objects.filter(state="accepted").order_by("pk"),
    "views/": lambda: saved_views(),
    "deliveries/": lambda: Message.objects.filter(channel__is_shared=True).order_by("pk"),
    "actions/": lambda: Action.objects.order_by("pk"),
    "findings/reviews/": lambda: JointReview.objects.order_by("pk"),
    "findings/": lambda: Finding.objects.order_by("pk"),
    "alerts/": lambda: Alert.objects.open().order_by("pk"),
    "settings/alerts/": lambda: Subscription.objects.order_by("pk"),
    "settings/channels/": lambda: Channel.objects.filter(is_shared=True).order_by("pk"),
    "settings/person/": lambda: Person.objects.filter(user__username="admin"),
    "settings/second-factor/": lambda: User.objects.filter(username="admin"),
    "settings/users/": lambda: User.objects.filter(username="mira"),
    "settings/tokens/": lambda: User.objects.get(username="admin").tokens.all(),
    "tradeoffs/workloads/": lambda: Placement.objects.filter(workload_class__slug="porto"),
    "problems/reasons/": lambda: HealthReason.objects.order_by("pk"),
    "telemetry/drift/": lambda: InventoryDrift.objects.filter(state="proposed"),
    "telemetry/unit-rules/": lambda: UnitRule.objects.order_by("pk"),
    "telemetry/import-rules/": lambda: ImportRule.objects.order_by("pk"),
    "telemetry/mapping-rules/": lambda: MappingRule.objects.order_by("pk"),
    "telemetry/scrape-targets/": lambda: ScrapeTarget.objects.order_by("pk"),
    "history/": lambda: AuditEntry.objects.all(),
    "telemetry/": lambda: Source.objects.filter(name="porto prometheus"),
}


def pk_of(route):
    if "<int:pk>" not in route:
        return 0
    if route.endswith("csv/<int:pk>/"):
        return pk_of_import(f"/{route.removesuffix('<int:pk>/')}")
    rows = next((rows for beginning, rows in ROWS.items() if route.startswith(beginning)), None)
    of_kind = rows() if rows is not None else kind_of(route).model.objects.order_by("pk")
    return of_kind.values_list("pk", flat=True).first()


def pk_of_import(address):
    """A file that the administrator has sent to this address, whose columns are still to be mapped."""
    [label] = [
        model._meta.label_lower
        for model, kind in KIND_OF.items()
        if "csv" in kind.pages and kind.url("csv") == address
    ]
    by = User.objects.get(username="admin")
    sent = {"file_name": "rows.csv", "content": b"name\nOne\n", "head": ["name"], "begun_at": clock.now()}
    return FileImport.objects.create(kind=label, by=by, **sent).pk
