"""An object of each kind that can be written as a file or in bulk, and a new value for one of its fields."""

from datetime import UTC, date, datetime

from readiness.assessment.evidence.models import Attestation, DeclaredLimit, Floor, RecordedFact, ReportRule
from readiness.assessment.standards.models import Alternative, FlexibleArea, Standard
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads.models import WorkloadClass
from readiness.loop.alerts.models import InboundRule
from readiness.organisation.people.models import DrillAction
from telemetry.models import ImportRule, MappingRule, ScrapeTarget, Source, UnitRule
from tests.inventory import made
from tests.inventory.made import maker
from tests.readiness.assessment.duties import made as duties
from tests.readiness.loop import made as loop
from tests.readiness.loop.incidents import made as incidents
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised

_entered = {
    "site": made.site,
    "check_id": "p1-soak-24h",
    "part": "duration",
    "value": 24.5,
    "taken_on": date(2026, 11, 1),
    "taken_at": datetime(2026, 11, 2, tzinfo=UTC),
}
workload_class = maker(WorkloadClass, name="Class {n}", slug="class-{n}", latency_limit_ms=80)


def drill():
    return practised.drill(made.site(), [(people.person(), "compute")], [practised.procedure()])


_mapping_rule = maker(MappingRule, name="rule {n}", label="unit_id", value="bmc-*", object_name="node-*")


def mapping_rule():
    site = made.site()
    return _mapping_rule(site=site, source=maker(Source, name="sender of units {n}", site=site)())


MAKERS = made.MAKERS | {
    "source": maker(Source, name="sender {n}", site=made.site),
    "import-rule": maker(
        ImportRule,
        source=maker(Source, name="file sender {n}", site=made.site),
        name="rule-{n}",
        columns="Time = time\nHost = label instance\nPower = metric node_power_watts",
    ),
    "unit-rule": maker(
        UnitRule,
        source=maker(Source, name="sender in kW {n}", site=made.site),
        metric="metric_{n}",
        factor=10,
    ),
    "mapping-rule": mapping_rule,
    "scrape-target": maker(ScrapeTarget, site=made.site, address="gpu-{n}:9100", job="node"),
    "data-origin": maker(DataOrigin, workload_class=workload_class, country="PT"),
    "held-basis": maker(
        HeldBasis,
        workload_class=workload_class,
        basis="eu-scc",
        held_from=date(2026, 1, 1),
        reference="Contract",
    ),
    "person": people.person,
    "team": people.team,
    "rotation": people.rotation,
    "layer": people.layer,
    "layer-member": lambda: people.layer(people.rotation(), people.person()).members.get(),
    "override": people.override,
    "leave": people.leave,
    "staffing": people.staffing,
    "skill": people.skill,
    "skill-prerequisite": people.prerequisite,
    "capability-rule": people.rule,
    "qualification": lambda: people.qualification(valid_until=datetime(2027, 3, 1, tzinfo=UTC)),
    "skill-exemption": people.exemption,
    "course": people.course,
    "training": lambda: people.training(now=datetime(2026, 11, 1, tzinfo=UTC)),
    "procedure": practised.procedure,
    "duty-rule": people.duty_rule,
    "legal-duty": duties.legal_duty,
    "duty-entry": duties.duty_entry,
    "duty-profile": duties.duty_profile,
    "certificate": duties.certificate,
    "energy-figure": duties.energy_figure,
    "alert-rule": practised.rule,
    "drill": practised.drill,
    "exercise": lambda: drill().exercises.get(),
    "participant": lambda: drill().turnout.get(),
    "drill-action": lambda: DrillAction.objects.create(
        drill=drill(), text="Label the valves", team=people.team(), due_at=datetime(2026, 12, 1, tzinfo=UTC)
    ),
    "survey": practised.survey,
    "survey-question": practised.question,
    "workload-class": workload_class,
    "floor": maker(
        Floor, platform="platform {n}", tool="nccl-tests", measure="busbw", value=360.25, unit="GB/s"
    ),
    "standard": maker(Standard, name="Standard {n}", slug="standard-{n}", kind="baseline"),
    "flexible-area": maker(FlexibleArea, name="Area {n}", kind="vendor", layer="network", why="Two sources"),
    "alternative": maker(Alternative, workload_class=workload_class, kind="vendor", name="Vendor {n}"),
    "incident-escape": incidents.escape,
    "action": loop.action,
    "finding": loop.finding,
    "inbound-rule": maker(InboundRule, name="rule {n}", conditions="alertname=Node*"),
    "report-rule": maker(ReportRule, pattern="suite {n}/*", measure="p1-soak-24h/duration", value=24.0),
    "declared-limit": maker(
        DeclaredLimit,
        site=made.site,
        limit_id="pue-target",
        value=1.3,
        declared_on=date(2026, 1, 1),
        source="contract",
    ),
    "recorded-fact": maker(RecordedFact, **_entered, source="logbook"),
    "attestation": maker(Attestation, **_entered, statement="It ran.", attested_by="Ana"),
}
# A field of each kind that can be edited in bulk, with a new value.
EDITS = {
    "source": ("description", "in the hall"),
    "scrape-target": ("interval_s", "30"),
    "import-rule": ("zone", "Europe/Lisbon"),
    "unit-rule": ("factor", "1000"),
    "mapping-rule": ("metric", "rack_*"),
    "region": ("description", "the south"),
    "site": ("stage", "retired"),
    "manufacturer": ("description", "makes things"),
    "device-type": ("source", "data sheet"),
    "rack": ("rated_kw", "17.5"),
    "device": ("status", "failed"),
    "accelerator": ("status", "drained"),
    "port": ("speed_gbps", "400"),
    "link": ("capacity_gbps", "100"),
    "power-feed": ("leg", "A"),
    "cooling-unit": ("medium", "liquid"),
    "capacity-event": ("note", "moved"),
    "person": ("phone", "555"),
    "team": ("contact", "pager 7"),
    "rotation": ("time_zone", "Asia/Tokyo"),
    "layer": ("turn_shifts", "2"),
    "layer-member": ("position", "7"),
    "override": ("level", "2"),
    "leave": ("ends_at", "2026-12-09 00:00:00+00:00"),
    "procedure": ("scope", "Feeds A and B"),
    "drill": ("scenario", "Feed B is lost"),
    "participant": ("domain", "energy"),
    "drill-action": ("text", "Order valves"),
    "survey": ("closes_at", "2027-06-01 00:00:00+00:00"),
    "survey-question": ("truth_source", "Contract 9"),
    "duty-rule": ("week_h", "40"),
    "legal-duty": ("article", "Art. 3"),
    "duty-entry": ("due_hour", "12"),
    "duty-profile": ("it_kw", "800"),
    "certificate": ("level", "Rated-3"),
    "energy-figure": ("source", "Invoice"),
    "staffing": ("ends_at", "2027-06-01 00:00:00+00:00"),
    "skill": ("description", "by hand"),
    "skill-prerequisite": ("level", "2"),
    "capability-rule": ("people", "3"),
    "qualification": ("evidence", "Licence 12"),
    "skill-exemption": ("reason", "vendor"),
    "course": ("days", "2.5"),
    "training": ("due_at", "2027-06-01 00:00:00+00:00"),
    "workload-class": ("criticality", "critical"),
    "floor": ("note", "measured"),
    "standard": ("purpose", "One way"),
    "flexible-area": ("why", "Three sources"),
    "alternative": ("kind", "fabric"),
    "inbound-rule": ("site_label", "pod"),
    "report-rule": ("note", "weekly"),
    "data-origin": ("note", "asked"),
    "held-basis": ("reference", "Contract 12"),
}
