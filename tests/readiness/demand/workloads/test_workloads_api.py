"""`/api/tradeoffs/workloads/`: the whole envelope as JSON and as YAML, one or many, checked without being saved."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT

from readiness.demand.workloads import operations
from readiness.demand.workloads.models import WorkloadClass
from tests.inventory import made

pytestmark = pytest.mark.django_db
API = "/api/tradeoffs/workloads/"


@pytest.fixture
def body(h100, iberia):
    return {
        "name": "Chat", "slug": "chat", "kind": "interactive",
        "accelerators": [{"type": {"slug": "h100"}, "count": 8}], "it_kw": 10.2,
        "users": [{"region": {"slug": "iberia"}, "requests_per_s": 12.5}], "latency_limit_ms": 50,
        "cost_ceiling": 2.5, "cost_currency": "EUR", "cost_unit": "accelerator-hour",
        "allowed_jurisdictions": ["EEA"], "data_categories": ["personal"], "carbon_g_per_kwh": 300,
    }  # fmt: skip


def test_a_class_is_written_whole_and_read_back(api_of, body, frozen_now):
    api = api_of("planner")
    answer = api.post(API, body)
    assert answer.status_code == 201, answer.content
    chat = answer.json()
    assert chat["accelerators"][0]["type"]["slug"] == "h100"
    assert chat["users"][0]["region"]["display"] == "Iberia"
    assert (chat["missing"], chat["contradictions"], chat["declared_on"]) == ([], [], "2026-11-24")
    assert chat["cost_unit"] == {"value": "accelerator-hour", "label": "per accelerator-hour"}
    assert chat["url"].endswith(f"{API}{chat['id']}/")
    changed = api.patch(f"{API}{chat['id']}/", {"it_kw": 5, "users": []})
    assert changed.status_code == 200, changed.content
    told = {each["field"]: each["hard"] for each in changed.json()["contradictions"]}
    assert told == {"it_kw": False, "users": False}
    assert changed.json()["accelerators"][0]["count"] == 8
    assert api.delete(f"{API}{chat['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"accelerators": [{"type": {"slug": "nothing"}, "count": 1}]}, "accelerators"),
        ({"accelerators": [{"count": 0}]}, "accelerators"),
        ({"users": "all"}, "users"),
        ({"latency_limit_ms": "fast"}, "latency_limit_ms"),
        ({"cost_unit": "smile"}, "cost_unit"),
        ({"slug": "no slug"}, "slug"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_fault_names_its_field_saved_or_not(api_of, body, wrong, field):
    api = api_of("planner")
    for path in (API, f"{API}check/"):
        answer = api.post(path, body | wrong)
        assert (answer.status_code, field in answer.json()) == (400, True), answer.content
    assert not WorkloadClass.objects.exists()


def test_an_envelope_is_checked_without_being_saved_or_named(api_of, body):
    del body["name"], body["slug"]
    answer = api_of("planner").post(f"{API}check/", body | {"users": []})
    assert (answer.status_code, [one["field"] for one in answer.json()]) == (200, ["users"])
    assert not WorkloadClass.objects.exists()


def test_many_are_written_at_once_or_none(api_of, body):
    api = api_of("planner")
    other = body | {"name": "Search", "slug": "search"}
    assert api.post(API, [body, other]).status_code == 201
    ids = list(WorkloadClass.objects.order_by("pk").values_list("pk", flat=True))
    moved = api.patch(API, [{"id": ids[0], "it_kw": 9}, {"id": ids[1], "it_kw": -1}])
    assert (moved.status_code, list(moved.json())) == (400, ["1"])
    assert set(WorkloadClass.objects.values_list("it_kw", flat=True)) == {10.2}
    assert api.delete(API, [{"id": pk} for pk in ids]).status_code == 204


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("complete=true", {"chat"}),
        ("complete=false", {"bare"}),
        ("placed=true", {"chat"}),
        ("site=faro", {"chat"}),
        ("user_region=iberia", {"chat"}),
        ("accelerator=h100", {"chat"}),
        ("kind=interactive", {"chat"}),
        ("data_categories=personal", {"chat"}),
        ("allowed_jurisdictions__empty=true", {"bare"}),
        ("it_kw__gte=10", {"chat"}),
        ("q=catalogue", {"chat"}),
    ],
)
def test_filters(api_of, chat, planner, frozen_now, query, found):
    operations.declare(name="Bare", slug="bare", by=planner, now=frozen_now.at)
    operations.place(chat, site=made.site(slug="faro"), by=planner, now=frozen_now.at)
    answer = api_of("viewer").get(f"{API}?{query}")
    assert {row["slug"] for row in answer.json()["results"]} == found


def test_it_is_confirmed(api_of, chat, frozen_now):
    answer = api_of("planner").post(f"{API}{chat.pk}/confirm/", {"note": "Still so"})
    assert (answer.status_code, answer.json()["confirmed_on"]) == (200, "2026-11-24")
    refused = api_of("planner").post(f"{API}{chat.pk}/confirm/", {"confirmed_on": "2026-01-01"})
    assert (refused.status_code, list(refused.json())) == (400, ["confirmed_on"])


def test_a_limit_written_at_the_old_address_keeps_the_rest(api_of, chat, iberia, frozen_now):
    frozen_now.move(days=3)
    answer = api_of("planner").patch(
        f"/api/readiness/workload-classes/{chat.pk}/",
        {"latency_limit_ms": 40, "user_regions": [{"slug": "iberia"}]},
    )
    assert answer.status_code == 200, answer.content
    chat.refresh_from_db()
    assert (chat.latency_limit_ms, str(chat.declared_on)) == (40, "2026-11-27")
    assert chat.served.get().requests_per_s == 12.5


def test_rows_that_changed_since_are_another_etag(api_of, chat):
    api = api_of("planner")
    read = api.get(f"{API}{chat.pk}/")["ETag"]
    assert api.patch(f"{API}{chat.pk}/", {"users": []}, headers={"If-Match": read}).status_code == 200
    assert api.patch(f"{API}{chat.pk}/", {"it_kw": 9}, headers={"If-Match": read}).status_code == 412


class TestYaml:
    def test_what_is_exported_is_imported_the_same(self, api_of, chat):
        api = api_of("planner")
        text = b"".join(api.get(f"{API}export/?complete=true")).decode()
        before = api.get(f"{API}{chat.pk}/").json()
        chat.delete()
        answer = api.post(f"{API}import/", {"text": text})
        assert (answer.status_code, answer.json()) == (200, {"added": ["chat"], "changed": []})
        after = api.get(f"{API}?slug=chat").json()["results"][0]
        changing = ("id", "url", "display_url")
        assert {k: v for k, v in after.items() if k not in changing} == {
            k: v for k, v in before.items() if k not in changing
        }

    def test_all_or_none_and_every_fault_by_line_and_field(self, api_of, chat, iberia):
        text = (
            "workloads:\n"
            "- slug: search\n  name: Search\n  latency: {limit_ms: 60}\n"
            "- slug: chat\n  name: Chat\n  demand:\n    accelerators:\n    - {type: z9, count: 1}\n"
            "- slug: voice\n  name: Voice\n  jurisdiction:\n    allowed: [EU]\n    forbidden: [EU]\n"
        )
        form = {"file": SimpleUploadedFile("classes.yaml", text.encode())}
        answer = api_of("planner").post(f"{API}import/", form, content_type=MULTIPART_CONTENT)
        assert answer.status_code == 400, answer.content
        faults = {(one["line"], one["path"]) for one in answer.json()["document"]}
        assert faults == {
            (8, "workloads[1].demand.accelerators"),
            (14, "workloads[2].jurisdiction.forbidden"),
        }
        assert list(WorkloadClass.objects.values_list("slug", flat=True)) == ["chat"]

    def test_after_many_faults_the_rest_is_not_looked_at(self, api_of):
        text = "workloads:\n" + "".join(
            f"- {{slug: a{number}, name: A{number}, jurisdiction: {{residency: UK}}}}\n"
            for number in range(60)
        )
        faults = api_of("planner").post(f"{API}import/", {"text": text}).json()["document"]
        assert [one["line"] for one in faults] == list(range(2, 52))

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("workloads: [", None),
            ("- a\n", None),
            ("workloads:\n- {slug: a, name: A, latency: {limit_ms: x}}\n", 2),
        ],
        ids=["no YAML", "no mapping", "no number"],
    )
    def test_what_cannot_be_read_is_told(self, api_of, text, line):
        answer = api_of("planner").post(f"{API}import/", {"text": text})
        assert answer.status_code == 400
        assert answer.json()["document"][0]["line"] == line


class TestLeastVerdict:
    """A new class asks for a conditional site unless it says otherwise; a stored blank stays any verdict."""

    def test_of_a_new_class_by_every_way_in(self, api_of, client_of):
        api = api_of("planner")
        posted = api.post(API, {"name": "Posted", "slug": "posted"}).json()
        assert posted["min_verdict"]["value"] == "conditional"
        assert api.post(API, {"name": "Any", "slug": "any", "min_verdict": ""}).json()["min_verdict"] is None
        text = "workloads:\n- {slug: written, name: Written}\n- {slug: lax, name: Lax, readiness: {verdict: any}}\n"
        assert api.post(f"{API}import/", {"text": text}).status_code == 200
        stored = dict(WorkloadClass.objects.values_list("slug", "min_verdict"))
        assert (stored["written"], stored["lax"]) == ("conditional", "")
        form = client_of("planner").get("/tradeoffs/workloads/add/").content.decode()
        assert '<option value="conditional" selected>' in form

    def test_of_a_stored_class_stays_if_a_document_names_none(self, api_of, client_of, chat):
        WorkloadClass.objects.filter(pk=chat.pk).update(min_verdict="")
        api = api_of("planner")
        exported = b"".join(api.get(f"{API}export/")).decode()
        assert "verdict: any" in exported
        assert api.post(f"{API}import/", {"text": exported}).status_code == 200
        old = exported.replace("    verdict: any\n", "")
        assert api.post(f"{API}import/", {"text": old}).status_code == 200
        chat.refresh_from_db()
        assert chat.min_verdict == ""
        assert "any verdict" in client_of("viewer").get("/tradeoffs/workloads/chat/").content.decode()
