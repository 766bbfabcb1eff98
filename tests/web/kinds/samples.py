"""An object of each kind that can be written as a file or in bulk, and a new value for one of its fields."""

from datetime import UTC, date, datetime

from readiness.assessment.evidence.models import Attestation, DeclaredLimit, Floor, RecordedFact, ReportRule
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads.models import WorkloadClass
from readiness.organisation.people.models import DrillAction
from telemetry.models import Source
from tests.inventory import made
from tests.inventory.made import next_number
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised


def _record(model, **given):
    given = {
        "site": made.site(),
        "check_id": "p1-soak-24h",
        "part": "duration",
        "value": 24.5,
        "taken_on": date(2026, 11, 1),
        "taken_at": datetime(2026, 11, 2, tzinfo=UTC),
    } | given
    return model.objects.create(**given)


def workload_class():
    number = next_number()
    return WorkloadClass.objects.create(name=f"Class {number}", slug=f"class-{number}", latency_limit_ms=80)


def floor():
    return Floor.objects.create(
        platform=f"platform {next_number()}", tool="nccl-tests", measure="busbw", value=360.25, unit="GB/s"
    )


def report_rule():
    return ReportRule.objects.create(
        pattern=f"suite {next_number()}/*", measure="p1-soak-24h/duration", value=24.0
    )


def limit():
    return DeclaredLimit.objects.create(
        site=made.site(), limit_id="pue-target", value=1.3, declared_on=date(2026, 1, 1), source="contract"
    )


def origin():
    return DataOrigin.objects.create(workload_class=workload_class(), country="PT")


def basis():
    return HeldBasis.objects.create(
        workload_class=workload_class(), basis="eu-scc", held_from=date(2026, 1, 1), reference="Contract"
    )


def source():
    return Source.objects.create(name=f"sender {next_number()}", site=made.site())


def qualification():
    return people.qualification(people.person(), people.skill(), valid_until=datetime(2027, 3, 1, tzinfo=UTC))


def exemption():
    return people.exemption(people.person(), people.skill())


def training():
    return people.training(people.person(), people.course(), now=datetime(2026, 11, 1, tzinfo=UTC))


def drill():
    return practised.drill(made.site(), [(people.person(), "compute")], [practised.procedure()])


def drill_action():
    due_at = datetime(2026, 12, 1, tzinfo=UTC)
    return DrillAction.objects.create(
        drill=drill(), text="Label the valves", team=people.team(), due_at=due_at
    )


MAKERS = made.MAKERS | {
    "source": source,
    "data-origin": origin,
    "held-basis": basis,
    "person": people.person,
    "team": people.team,
    "rotation": people.rotation,
    "layer": lambda: people.layer(people.rotation()),
    "layer-member": lambda: people.layer(people.rotation(), people.person()).members.get(),
    "override": lambda: people.override(people.rotation()),
    "leave": lambda: people.leave(people.person()),
    "staffing": lambda: people.staffing(made.site(), people.team()),
    "skill": people.skill,
    "skill-prerequisite": lambda: people.prerequisite(people.skill(), people.skill()),
    "capability-rule": lambda: people.rule(people.skill()),
    "qualification": qualification,
    "skill-exemption": exemption,
    "course": people.course,
    "training": training,
    "procedure": practised.procedure,
    "alert-rule": practised.rule,
    "drill": lambda: practised.drill(made.site()),
    "exercise": lambda: drill().exercises.get(),
    "participant": lambda: drill().turnout.get(),
    "drill-action": drill_action,
    "survey": practised.survey,
    "survey-question": lambda: practised.question(made.site()),
    "workload-class": workload_class,
    "floor": floor,
    "report-rule": report_rule,
    "declared-limit": limit,
    "recorded-fact": lambda: _record(RecordedFact, source="logbook"),
    "attestation": lambda: _record(Attestation, statement="It ran.", attested_by="Ana"),
}
# A field of each kind that can be edited in bulk, with a new value.
EDITS = {
    "source": ("description", "in the hall"),
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
    "report-rule": ("note", "weekly"),
    "data-origin": ("note", "asked"),
    "held-basis": ("reference", "Contract 12"),
}
