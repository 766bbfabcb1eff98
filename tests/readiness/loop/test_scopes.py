"""A manager of one region reads and writes nothing of the loop, of standards and of duties in another one."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from inventory.models import Region
from readiness.assessment.duties.models import Certificate, DutyEntry
from readiness.assessment.standards.models import DeviationWaiver
from readiness.demand.workloads.models import WorkloadClass
from readiness.loop.actions.models import Action
from readiness.loop.findings.models import Finding, FindingEvent, JointReview
from readiness.loop.incidents.models import Incident, IncidentEntry, IncidentEscape
from readiness.loop.lessons.models import Lesson
from tests.inventory import made
from tests.pages import text_of
from tests.readiness.assessment.duties import made as duties
from tests.readiness.assessment.standards import scenes as standards
from tests.readiness.loop import made as loop
from tests.readiness.loop.incidents import made as incidents
from web.audit.registry import label_of
from web.kinds.models import FileImport

pytestmark = pytest.mark.django_db
MARK = "Elsewhere"
OUTSIDE = {400, 403, 404}


@pytest.fixture
def lyon(manager, ops, frozen_now):
    """What the manager of Iberia must not see: a record of each kind at a site of another region."""
    now = frozen_now.at
    regions = {slug: Region.objects.create(name=slug, slug=slug) for slug in ("iberia", "gaul")}
    porto = made.site(name="Porto", slug="porto", region=regions["iberia"])
    site = made.site(name=f"{MARK} 1", slug="lyon", region=regions["gaul"])
    made.device(site=site, name=f"{MARK}-leaf", role="node")
    incident = incidents.incident(site=site, title=f"{MARK} went dark", began_at=now, opened_at=now)
    IncidentEntry.objects.create(incident=incident, kind="note", at=now, by=ops, text=f"{MARK} is back")
    finding = loop.finding(site=site, title=f"{MARK} is slow", raised_at=now)
    FindingEvent.objects.create(finding=finding, kind="commented", at=now, by=ops, text=f"{MARK} again")
    workload = WorkloadClass.objects.create(name="Chat", slug="chat")
    standards.build(site, workload, ops, manager, now)
    DeviationWaiver.objects.update(reason=f"{MARK} parts")
    rows = SimpleNamespace(
        site=site,
        porto=porto,
        incident=incident,
        finding=finding,
        escape=incidents.escape(incident=incident, name=f"{MARK} drill"),
        action=loop.action(site=site, title=f"{MARK} order", added_at=now),
        review=JointReview.objects.create(
            name=f"{MARK} review", site=site, planned_on=now.date(), opened_by=ops, opened_at=now
        ),
        waiver=DeviationWaiver.objects.filter(state="requested").get(),
        duty=duties.duty_entry(site=site, note=f"{MARK} note"),
        certificate=duties.certificate(site=site, number=f"{MARK}-7"),
    )
    rows.lesson = Lesson.objects.create(
        claim="Feeds are swapped", why="One was not.", kind="present", check_id="p2-failover-drill",
        incident=incident, written_by=ops, written_at=now,
    )  # fmt: skip
    manager.access_scopes.create(kind="region", slug="iberia")
    return rows


def pages_of(rows):
    """The page and the endpoint of each record of the other region."""
    return {
        f"/incidents/{rows.incident.pk}/": f"/api/loop/incidents/{rows.incident.pk}/",
        f"/incidents/escapes/{rows.escape.pk}/": f"/api/loop/incident-escapes/{rows.escape.pk}/",
        f"/findings/{rows.finding.pk}/": f"/api/loop/findings/{rows.finding.pk}/",
        f"/findings/reviews/{rows.review.pk}/": f"/api/loop/reviews/{rows.review.pk}/",
        f"/actions/{rows.action.pk}/": f"/api/loop/actions/{rows.action.pk}/",
        f"/standards/waivers/{rows.waiver.pk}/": f"/api/readiness/deviation-waivers/{rows.waiver.pk}/",
        f"/standards/duties/{rows.duty.pk}/": f"/api/readiness/duties/{rows.duty.pk}/",
        f"/standards/certificates/{rows.certificate.pk}/": f"/api/readiness/certificates/{rows.certificate.pk}/",
    }


LISTS = (
    *(
        "/incidents/",
        "/incidents/escapes/",
        "/findings/",
        "/findings/reviews/",
        "/findings/help/",
        "/actions/",
    ),
    *("/lessons/", "/standards/", "/standards/waivers/", "/standards/deviations/", "/standards/conformance/"),
    *("/standards/duties/", "/standards/certificates/", "/timeline/"),
)
CALLS = (
    *("incidents", "incident-escapes", "findings", "reviews", "actions", "lessons", "timeline"),
    *("deviation-waivers", "deviations", "conformance", "duties", "certificates"),
)


def test_nothing_of_another_region_is_read(lyon, client_of, api_of):
    client, api = client_of("manager"), api_of("manager")
    for page, call in pages_of(lyon).items():
        assert (client.get(page).status_code, api.get(call).status_code) == (404, 404), page
        model_page = client.get(f"{page}?tab=history")
        assert model_page.status_code == 404
    rooms = {"incidents", "incident-escapes", "findings", "reviews", "actions", "lessons", "timeline"}
    addresses = [
        *LISTS,
        *(f"{path}?export=csv" for path in LISTS if path != "/findings/help/"),
        *(f"/api/{'loop' if name in rooms else 'readiness'}/{name}/" for name in CALLS),
        f"/lessons/{lyon.lesson.pk}/",
        f"/api/loop/lessons/{lyon.lesson.pk}/",
        "/findings/help/backlog.json",
        "/history/?actor=ops",
        *(f"/history/?model={label_of(model)}" for model in (Finding, Incident, Action, DutyEntry)),
        *(f"/search/{page}?q={word}" for page in ("", "palette/") for word in ("dark", "order", "leaf")),
        "/inbox/",
        "/incidents/add/",
        "/standards/waivers/add/",
    ]
    answers = {address: client.get(address) for address in addresses}
    assert [address for address, answer in answers.items() if MARK in text_of(answer)] == []
    for path in ("/timeline/?site=lyon", "/api/loop/timeline/?site=lyon"):
        assert client.get(path).status_code in OUTSIDE, path


def test_nothing_of_another_region_is_written(lyon, client_of, api_of, frozen_now):
    client, api = client_of("manager"), api_of("manager")
    before = {model: list(model.objects.order_by("pk").values()) for model in MODELS}
    for page, call in pages_of(lyon).items():
        for verb in (
            "edit/",
            "delete/",
            "finish/",
            "accept/",
            "close/",
            "hold/",
            "approve/",
            "proof/",
            "note/",
        ):
            answer = client.post(f"{page}{verb}", {"note": "x", "text": "x", "record": "x"})
            assert answer.status_code in OUTSIDE | {405}, f"{page}{verb}"
            answer = api.post(f"{call}{verb}", {"note": "x", "text": "x"})
            assert answer.status_code in OUTSIDE | {405}, f"{call}{verb}"
        for method in (api.put, api.patch, api.delete):
            assert method(call, {"note": "x", "title": "x"}).status_code in OUTSIDE | {405}, call
        bulk = call.rsplit("/", 2)[0] + "/"
        pk = int(call.split("/")[-2])
        for method in (api.put, api.patch, api.delete):
            assert method(bulk, [{"id": pk, "note": "x"}]).status_code in OUTSIDE | {405}, bulk
    ends_at = (frozen_now.at + timedelta(days=9)).isoformat()
    for path, body in BODIES.items():
        for site in (lyon.site.pk, "lyon", {"slug": "lyon"}):
            sent = body | {"site": site} | ({"ends_at": ends_at} if path.endswith("waivers") else {})
            assert api.post(f"/api/{path}/", sent).status_code in OUTSIDE, (path, site)
    # What is of the whole fleet is written by users who see all of it.
    for path in ("loop/findings", "loop/actions", "loop/reviews"):
        assert api.post(f"/api/{path}/", BODIES[path]).status_code == 403, path
    lesson = {"claim": "T", "why": "T", "kind": "present", "check_id": "p2-backup-power"}
    assert api.post("/api/loop/lessons/", lesson | {"incident": lyon.incident.pk}).status_code in OUTSIDE
    assert {model: list(model.objects.order_by("pk").values()) for model in MODELS} == before


BODIES = {
    "loop/incidents": {"title": "Dark"},
    "loop/findings": {
        "title": "T",
        "text": "T",
        "route": "to-ops",
        "subject_kind": "page",
        "closing": "evidence",
    },
    "loop/actions": {"title": "T", "effect": "evidence"},
    "loop/reviews": {"name": "T", "planned_on": "2027-01-01"},
    "readiness/deviation-waivers": {"standard": {"slug": "node-baseline"}, "reason": "T"},
    "readiness/certificates": {
        "scheme": "tier",
        "number": "7",
        "scope": "Hall",
        "assessor": "A",
        "issued_on": "2026-01-01",
    },
}
MODELS = (
    *(Finding, FindingEvent, JointReview, Action, Incident, IncidentEntry, IncidentEscape, Lesson),
    *(DutyEntry, Certificate, DeviationWaiver),
)
FILES = {
    "/actions/csv/": "title,site,effect\nOrder,{site},evidence\n",
    "/findings/csv/": "title,text,site,route,about,closing\nSlow,It is,{site},to-ops,page,evidence\n",
    "/standards/certificates/csv/": "site,scheme,number,scope,assessor,issued_on\n{site},tier,9,Hall,A,2026-01-01\n",
}


@pytest.mark.parametrize("path", FILES)
def test_a_file_writes_into_the_own_region_alone(path, lyon, client_of):
    client = client_of("manager")
    for site, counts in (("lyon", {"refused": 1}), ("porto", {"created": 1})):
        file = SimpleUploadedFile("rows.csv", FILES[path].format(site=site).encode())
        address = client.post(path, {"file": file})["location"]
        sent = {"action": "check"}
        for line in client.get(address).context["mapping"]:
            chosen = [each["place"] for each in line["columns"] if each["is_chosen"]]
            sent[f"column-{line['target'].name}"] = chosen[0] if chosen else ""
        client.post(address, sent)
        imported = FileImport.objects.get(pk=int(address.split("/")[-2]))
        assert (imported.counts, MARK in str(imported.problems)) == (counts, False), imported.problems
