"""Endpoints of rules: a case decided, rules and packs read, drafts written, imported, published; what is refused."""

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from readiness.demand.jurisdiction import operations, queries
from readiness.demand.jurisdiction.models import Rule, RulePack
from readiness.demand.workloads.models import WorkloadClass
from tests.readiness.demand.jurisdiction.small_pack import small

pytestmark = pytest.mark.django_db
RULES, PACKS = "/api/tradeoffs/rules/", "/api/tradeoffs/rule-packs/"
CASE = {"origin": "DE", "data_categories": ["personal"], "destination": "US"}


@pytest.fixture
def planning(api_of, frozen_now):
    return api_of("planner")


@pytest.fixture
def draft(planning):
    answer = planning.post(PACKS, {"definition": small()})
    assert answer.status_code == 201, answer.content
    return answer.json()


def at(thing, what=""):
    return f"{PACKS if 'revision' in thing else RULES}{thing['id']}/{what}"


def decided(api, **case):
    answer = api.post(f"{RULES}decide/", CASE | case)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_case_is_decided_with_its_rules_in_plain_words(api_of, frozen_now):
    told = decided(api_of("viewer"), operator="US")
    residency, sovereignty = told["residency"], told["sovereignty"]
    assert residency["answer"] == {"value": "needs-basis", "label": "Needs a basis"}
    assert residency["bases_needed"][0][0] == "us-dpf"
    [ground] = residency["rules"]
    assert (ground["slug"], ground["deciding"], ground["doubt"]) == ("adequacy-united-states", True, None)
    assert ground["citation"]["url"] == "https://eur-lex.europa.eu/eli/dec_impl/2023/1795/oj"
    assert residency["text"].startswith("Needs a basis: one of Recipient on the list of the EU-US")
    assert {one["slug"] for one in sovereignty["rules"]} == {"gdpr-48", "us-cloud-act"}
    assert (told["pack"]["version"], told["on"]) == ("muster-rules-1", "2026-11-24")
    assert told["notice"].startswith("Not legal advice")


def test_what_is_on_record_the_day_and_the_pack_are_heard(planning, draft):
    assert decided(planning, bases=["us-dpf"])["residency"]["rules"][0]["met_by"] == "us-dpf"
    early = decided(planning, on="2023-07-09")["residency"]["rules"]
    assert [one["slug"] for one in early] == ["gdpr-46"]
    by_draft = decided(planning, pack=draft["version"], destination="FR")
    assert [one["slug"] for one in by_draft["residency"]["rules"]] == ["inside"]


@pytest.mark.parametrize(
    ("case", "reason", "text"),
    [
        ({"destination": "XX"}, "unknown-place", "the country is not known (XX)"),
        ({"origin": "ZZ"}, "unknown-origin", "the origin of the data is unknown (ZZ)"),
        ({"data_categories": []}, "no-category", "no kind of data is named"),
        ({"data_categories": ["dreams"]}, "unknown-category", "the rules do not name a kind of data dreams"),
        ({"origin": "BR"}, "no-rule", "no rule covers Personal data here"),
    ],
)
def test_what_is_not_known_is_said_and_never_allowed(api_of, frozen_now, case, reason, text):
    found = decided(api_of("viewer"), **case)["residency"]
    assert found["answer"]["value"] == "cannot-decide"
    assert [(one["reason"], one["text"]) for one in found["missing"]] == [(reason, text)]
    assert text in found["text"]


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ({"origin": "Germany"}, "origin"),
        ({"origin": None}, "origin"),
        ({"destination": ""}, "destination"),
        ({"data_categories": "personal"}, "data_categories"),
        ({"on": "soon"}, "on"),
        ({"bases": ["luck"]}, "bases"),
        ({"pack": "none"}, "pack"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_case_that_cannot_be_read_names_the_field(api_of, frozen_now, case, field):
    answer = api_of("viewer").post(f"{RULES}decide/", CASE | case)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_with_no_pack_in_force_a_case_is_a_conflict(api_of, frozen_now, manager):
    operations.withdraw(queries.in_force(), by=manager, now=frozen_now.at)
    answer = api_of("viewer").post(f"{RULES}decide/", CASE)
    assert (answer.status_code, "No version of the rules is in force" in answer.json()["detail"]) == (
        409,
        True,
    )
    assert api_of("viewer").get(RULES).json()["count"] == 0


def test_rules_in_force_are_listed_and_filtered(planning, draft):
    def slugs(query):
        answer = planning.get(f"{RULES}?limit=100&{query}")
        assert answer.status_code == 200, answer.content
        return [one["slug"] for one in answer.json()["results"]]

    assert len(slugs("")) == len(slugs("version=muster-rules-1")) == 41
    assert slugs("effect=forbidden&jurisdiction=France") == ["fr-hds-inside"]
    assert slugs("place=JP") == ["adequacy-japan"]
    assert set(slugs("category=payment")) == {"rbi-inside", "rbi-outside"}
    assert slugs(f"version={draft['version']}&kind=sovereignty") == ["operator-inside", "operator-outside"]
    first = planning.get(f"{RULES}?slug=gdpr-46").json()["results"][0]
    assert (first["effect"], first["article"]) == (
        {"value": "needs-basis", "label": "Needs a basis"},
        "Art. 44, 46, 47, 49",
    )
    assert first["display_url"].endswith(f"/tradeoffs/rules/{first['id']}/")
    assert first["notice"].startswith("Not legal advice")
    assert planning.get(f"{RULES}?plaice=JP").status_code == 400


def test_a_rule_of_a_draft_is_added_changed_and_taken_out(planning, draft):
    sent = {
        "pack": draft["id"], "slug": "new", "title": "New", "kind": "residency", "jurisdiction": "Utopia",
        "instrument": "Act", "article": "1", "source_url": "https://example.org", "effect": "forbidden",
        "origins": ["eu"], "categories": ["personal"], "places": ["US"], "checked_on": "2026-11-01",
    }  # fmt: skip
    made = planning.post(RULES, sent)
    assert made.status_code == 201, made.content
    assert made.json()["in_force_from"] is None
    dated = planning.patch(at(made.json()), {"in_force_from": "2020-01-01", "slug": "renamed"})
    assert (dated.status_code, dated.json()["slug"]) == (200, "renamed")
    case = {"pack": draft["version"], "destination": "US"}
    assert decided(planning, **case)["residency"]["answer"]["value"] == "forbidden"
    assert planning.delete(at(dated.json())).status_code == 204
    assert planning.get(at(draft)).json()["revision"] == 4
    kept = planning.patch(f"{RULES}{Rule.objects.filter(slug='gdpr-46').get().pk}/", {"title": "x"})
    assert kept.status_code == 409


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"places": ["XX"]}, "places", "neither a country code"),
        ({"source_url": "ftp://x.org"}, "source_url", "https"),
        ({"effect": "needs-basis"}, "bases", "at least one"),
        ({"in_force_until": "2000-01-01"}, "in_force_until", "before"),
        ({"slug": "Two Words"}, "slug", "slug"),
        ({"instead_of": ["hosting"]}, "instead_of", "forbids"),
        ({"article": ""}, "article", "blank"),
        ({"effect": "maybe"}, "effect", "maybe"),
    ],
)
def test_a_rule_that_does_not_hold_together_names_its_field(planning, draft, change, field, told):
    there = Rule.objects.get(pack_id=draft["id"], slug="inside")
    answer = planning.patch(f"{RULES}{there.pk}/", change)
    assert (answer.status_code, list(answer.json())) == (400, [field]), answer.content
    assert told in str(answer.json()[field])


def sent_file(api, draft, content):
    form = {"file": SimpleUploadedFile("pack.yaml", content)}
    body = encode_multipart(BOUNDARY, form)
    return api.generic("POST", at(draft, "import/"), body, MULTIPART_CONTENT)


def test_a_pack_goes_out_and_comes_back_and_a_faulty_one_is_refused_whole(planning, draft):
    shipped = planning.get(f"{PACKS}{queries.in_force().pk}/export/")
    assert 'filename="muster-rules-1.yaml"' in shipped["Content-Disposition"]
    taken = sent_file(planning, draft, shipped.content)
    assert (taken.status_code, taken.json()["digest"]) == (200, queries.in_force().digest)
    lines = shipped.content.decode().splitlines()
    place = lines.index("  effect: forbidden")
    lines[place] = "  effect: perhaps"
    refused = sent_file(planning, draft, "\n".join(lines).encode())
    told = refused.json()
    assert (refused.status_code, told["line"], told["path"].endswith("].effect")) == (400, place + 1, True)
    assert planning.get(at(draft)).json()["revision"] == 2
    assert planning.post(at(draft, "import/"), {}).json().keys() == {"file"}
    pasted = planning.post(at(draft, "import/"), {"text": yaml.safe_dump(small()), "revision": 1})
    assert pasted.status_code == 409


def test_a_draft_is_published_and_withdrawn(draft, api_of):
    body = {"digest": draft["digest"], "because": "Looked at"}
    manager = api_of("manager")
    assert manager.post(at(draft, "publish/"), body | {"digest": "0"}).status_code == 409
    told = manager.post(at(draft, "publish/"), body).json()
    assert (told["status"]["value"], told["published_by"]["display"]) == ("published", "manager")
    assert RulePack.objects.get(version="muster-rules-1").status == "withdrawn"
    assert manager.post(at(draft, "withdraw/"), headers={"If-Match": 'W/"read before"'}).status_code == 412
    assert manager.post(at(draft, "withdraw/")).json()["status"]["value"] == "withdrawn"
    assert manager.post(at(draft, "withdraw/")).status_code == 409


ORIGINS, BASES = "/api/tradeoffs/data-origins/", "/api/tradeoffs/held-bases/"


def test_origins_and_bases_are_recorded_by_planners(planning, api_of):
    chat = WorkloadClass.objects.create(name="Chat", slug="chat")
    assert planning.post(ORIGINS, {"workload_class": {"slug": "chat"}, "country": "DE"}).status_code == 201
    assert planning.post(ORIGINS, {"workload_class": chat.pk, "country": "DE"}).status_code == 400
    assert planning.post(ORIGINS, {"workload_class": chat.pk, "country": "XX"}).json().keys() == {"country"}
    held = {"workload_class": chat.pk, "basis": "gdpr-scc", "held_from": "2026-01-01", "reference": "C-1"}
    made = planning.post(BASES, held)
    assert made.status_code == 201, made.content
    for change, field in (
        ({"basis": "luck"}, "basis"),
        ({"reference": ""}, "reference"),
        ({"destination": "XX"}, "destination"),
        ({"held_until": "2025-01-01"}, "It ends before it begins"),
    ):
        refused = planning.patch(f"{BASES}{made.json()['id']}/", change)
        assert refused.status_code == 400
        assert field in str(refused.json())
    assert api_of("viewer").get(f"{BASES}?basis=gdpr-scc").json()["count"] == 1
    assert api_of("manager").post(BASES, held).status_code == 403
