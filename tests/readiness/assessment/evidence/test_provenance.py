"""What the figures of evidence are: measured, declared, estimated or simulated, from the door to the proof."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from readiness.assessment.evidence.models import RecordedFact, ValidationRun
from readiness.assessment.evidence.operations import RunContext, import_run, record_fact, set_floor
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.framework import queries as framework_queries
from tests.inventory import made
from tests.readiness.assessment.evidence import outputs

pytestmark = pytest.mark.django_db
PUE = {"check": "p2-energy-kpis", "part": "pue"}


@pytest.fixture
def porto(frozen_now):
    site = made.site(name="Porto", slug="porto")
    kind = made.device_type(slug="dgx-h100", kind="node")
    for name in ("node-1", "node-2"):
        made.accelerator(device=made.device(site=site, name=name, device_type=kind), index=0)
    floor = {"platform": "dgx-h100", "tool": "nccl-tests", "measure": "busbw", "value": 460.0, "unit": "GB/s"}
    set_floor(**floor, by=None, now=frozen_now.at)
    return site


@pytest.fixture
def proved(porto, frozen_now):
    def of(check, part):
        _, framework = framework_queries.current()
        return [
            each.provenance
            for each in proofs([porto.pk], framework, now=frozen_now.at)[porto.pk][check, part]
        ]

    return of


def take(site, now, *, node, provenance):
    content = outputs.collective(hosts=(node,), mark=provenance)
    context = RunContext(provenance=provenance)
    given = {
        "site": site,
        "tool": "nccl-tests",
        "content": content,
        "file_name": "out",
        "by": None,
        "now": now,
    }
    return import_run(**given, context=context)


def test_one_simulated_run_among_measured_ones_makes_what_they_cover_simulated(porto, proved, frozen_now):
    take(porto, frozen_now.at, node="node-1", provenance="measured")
    take(porto, frozen_now.at, node="node-2", provenance="simulated")
    assert sorted(proved("p1-intra-node", "busbw")) == ["measured", "simulated"]
    assert proved("p1-intra-node", "nodes-covered") == ["simulated"]
    assert proved("p5-revalidation", "nodes-current") == ["simulated"]


def test_a_fact_is_declared_unless_it_says_otherwise(porto, proved, frozen_now):
    today = frozen_now.at.date()
    record_fact(site=porto, **PUE, value=1.3, taken_on=today, source="meter", by=None, now=frozen_now.at)
    assert proved(*PUE.values()) == ["declared"]
    given = {"value": 1.2, "taken_on": today, "source": "model", "provenance": "estimated"}
    record_fact(site=porto, **PUE, **given, by=None, now=frozen_now.at)
    assert proved(*PUE.values()) == ["estimated"]


def test_a_table_of_facts_may_say_what_each_is(porto, frozen_now, client_of):
    def send(*rows):
        file = SimpleUploadedFile("facts.csv", "\n".join([head, *rows]).encode())
        return client_of("ops").post("/api/readiness/facts/import/", {"file": file})

    head = "site,check,part,value,taken_on,source,provenance"
    day = frozen_now.at.date()
    sent = send(
        f"porto,p2-energy-kpis,pue,1.3,{day},meter,", f"porto,p2-energy-kpis,wue,0.4,{day},meter,measured"
    )
    assert sent.status_code == 201
    found = RecordedFact.objects.order_by("part").values_list("part", "provenance")
    assert list(found) == [("pue", "declared"), ("wue", "measured")]
    guessed = send(f"porto,p2-energy-kpis,pue,1.3,{day},meter,guessed")
    assert guessed.status_code == 400
    assert guessed.json()["file"] == ['Line 2: Provenance: "guessed" is not a valid choice.']


def test_the_api_takes_and_shows_it(porto, client_of, frozen_now):
    ops = client_of("ops")
    sent = {"site": "porto", "tool": "nccl-tests", "provenance": "simulated"}
    file = SimpleUploadedFile("out.log", outputs.collective())
    run = ops.post("/api/readiness/validation-runs/", {**sent, "file": file})
    assert run.json()["provenance"] == {"value": "simulated", "label": "Simulated"}
    assert ValidationRun.objects.get().provenance == "simulated"
    fact = {"site": "porto", **PUE, "value": 1.3, "taken_on": f"{frozen_now.at:%Y-%m-%d}", "source": "meter"}
    wrong = ops.post(
        "/api/readiness/facts/", {**fact, "provenance": "guessed"}, content_type="application/json"
    )
    assert wrong.status_code == 400
    assert "provenance" in wrong.json()


@pytest.mark.parametrize("provenance", ["declared", "estimated"])
def test_one_declared_run_makes_what_they_cover_a_declaration_also_beside_simulated_ones(
    porto, frozen_now, provenance
):
    take(porto, frozen_now.at, node="node-1", provenance="simulated")
    take(porto, frozen_now.at, node="node-2", provenance=provenance)
    _, framework = framework_queries.current()
    found = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk]
    for key in (("p1-intra-node", "nodes-covered"), ("p5-revalidation", "nodes-current")):
        [proof] = found[key]
        assert (proof.provenance, bool(proof.declaration)) == (provenance, True)
