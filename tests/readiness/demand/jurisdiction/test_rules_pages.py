"""Pages of rules: what they show, the steps that their forms take, whom they refuse, and what they cost."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from readiness.demand.jurisdiction import operations, queries
from readiness.demand.jurisdiction.models import Rule, RulePack
from tests.readiness.demand.jurisdiction.small_pack import small

pytestmark = pytest.mark.django_db
URL = "/tradeoffs/rules/"
NOTICE = "Not legal advice"


@pytest.fixture
def draft(planner, frozen_now):
    return operations.make_draft(
        made_from=queries.in_force(), definition=small(), by=planner, now=frozen_now.at
    )


@pytest.fixture
def planning(client_of, frozen_now):
    return client_of("planner")


@pytest.fixture
def managing(client_of, frozen_now):
    return client_of("manager")


def text_of(answer, status=200):
    assert answer.status_code == status, answer.content[:600]
    page = answer.content.decode()
    assert NOTICE in page
    return page


def page(thing, what=""):
    return f"{URL}{'packs/' if isinstance(thing, RulePack) else ''}{thing.pk}/{what}"


def as_shown(client, path):
    """What the browser would send of the form as it stands."""
    form = client.get(path).context["form"]
    shown = {bound.html_name: bound.value() for bound in form}
    return {name: value for name, value in shown.items() if value is not None and value not in ("", [])}


def test_the_list_tells_rules_by_jurisdiction(planning):
    shown = text_of(planning.get(URL))
    for told in (
        "muster-rules-1",
        "In force",
        "Where data may lie",
        "French health data is hosted inside the EEA only",
        "Personal data of Where the GDPR is law, lying in anywhere except Where the GDPR is law",
        "since 25 May 2018",
        "from 14 May 2027",
        "Try a case",
    ):
        assert told in shown
    only = text_of(planning.get(f"{URL}?effect=forbidden"))
    assert "French health data is hosted" in only
    assert "Personal data moves freely" not in only
    assert planning.get(f"{URL}?version=none").status_code == 404


def test_a_rule_tells_citation_scope_and_history(planning, draft):
    there = Rule.objects.get(slug="gdpr-46")
    shown = text_of(planning.get(page(there)))
    for told in (
        "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
        "Standard contractual clauses (GDPR Art. 46(2)(c))",
        "One of these rules replaces it where it covers the case:",
        "Japan protects personal data adequately",
        "new in this pack",
    ):
        assert told in shown
    assert "edit/" not in shown
    assert "All rules that cover a case count" in text_of(planning.get(page(draft.rules.get(slug="hosting"))))


def test_search_finds_rules_of_the_pack_in_force_alone(planning, draft):
    in_force, drafted = Rule.objects.exclude(pack=draft).first(), draft.rules.first()
    for rule, total in ((in_force, 1), (drafted, 0)):
        assert planning.get("/search/", {"q": f"in:rules {rule.title}"}).context["total"] == total


def test_a_rule_is_told_from_pack_to_pack(planning, planner, frozen_now):
    made = operations.make_draft(made_from=queries.in_force(), by=planner, now=frozen_now.at)
    operations.edit(
        made,
        lambda was: operations.replace_rule(
            was,
            {**next(one for one in was["rules"] if one["id"] == "gdpr-46"), "places": ["US"]},
            was="gdpr-46",
        ),
        revision=1,
        by=planner,
        now=frozen_now.at,
    )
    shown = text_of(planning.get(page(made.rules.get(slug="gdpr-46"))))
    assert "<del>any</del> → <ins>US</ins>" in shown
    assert "Edit rules muster-rules-2, revision 2" in shown


CASES = [
    pytest.param(
        "origin=DE&destination=US&data_categories=personal", "Needs a basis", "2023/1795", id="basis"
    ),
    pytest.param(
        "origin=FR&destination=CH&data_categories=health&operator=FR", "Forbidden", "HDS", id="forbidden"
    ),
    pytest.param("origin=DE&destination=FR&data_categories=personal", "Allowed", "Art. 1(3)", id="allowed"),
    pytest.param(
        "origin=DE&destination=GB&data_categories=personal&on=2031-12-28", "Cannot", "checked", id="old"
    ),
]


@pytest.mark.parametrize(("query", "answer", "told"), CASES)
def test_a_case_is_tried_from_the_address(planning, query, answer, told):
    shown = text_of(planning.get(f"{URL}try/?{query}"))
    assert answer in shown
    assert told in shown


def test_an_unfinished_case_is_told_at_its_field(planning, draft):
    assert 'name="origin"' in text_of(planning.get(f"{URL}try/"))
    assert "Choose the destination." in text_of(planning.get(f"{URL}try/?origin=DE"))
    assert "“XX” is not in the list." in text_of(planning.get(f"{URL}try/?origin=DE&destination=XX"))
    by_draft = text_of(
        planning.get(f"{URL}try/?origin=DE&destination=FR&data_categories=personal&pack={draft.version}")
    )
    assert "Rule inside" in by_draft


def test_every_rule_sent_as_its_form_stands_changes_nothing(planning, planner, frozen_now):
    made = operations.make_draft(made_from=queries.in_force(), by=planner, now=frozen_now.at)
    for slug in ("gdpr-46", "adequacy-canada", "fr-hds-inside", "in-spdi-7", "adequacy-united-kingdom-2021"):
        path = page(made.rules.get(slug=slug), "edit/")
        assert planning.post(path, as_shown(planning, path)).status_code == 302
    made.refresh_from_db()
    assert made.revision == 1


def test_a_rule_is_edited_and_whoever_comes_late_is_told(planning, draft):
    path = page(draft.rules.get(slug="adequate"), "edit/")
    text_of(planning.get(path))
    sent = as_shown(planning, path) | {"places": "JP, KR", "in_force_from": "2022-01-01"}
    assert planning.post(path, sent).status_code == 302
    after = Rule.objects.get(pack=draft, slug="adequate")
    assert (after.places, str(after.in_force_from)) == (["JP", "KR"], "2022-01-01")
    late = text_of(planning.post(path, sent | {"places": "CH"}), 409)
    assert "at revision 2, you read revision 1" in late
    assert 'value="CH"' in late


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"places": "XX"}, "neither a country code"),
        ({"url": "nowhere"}, "expected an address"),
        ({"effect": "needs-basis"}, "names at least one"),
        ({"in_force_until": "2001-01-01"}, "is before in_force_from"),
        ({"slug": "Two Words"}, "small letters"),
        ({"slug": "outside"}, "used twice"),
        ({"instead_of": "hosting"}, "a rule that forbids cannot be replaced"),
        ({"origins": ""}, "Enter the origins."),
    ],
)
def test_a_refusal_stands_at_its_field(planning, draft, given, told):
    path = page(draft.rules.get(slug="inside"), "edit/")
    assert told in text_of(planning.post(path, as_shown(planning, path) | given), 422)
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_rule_is_added_and_removed(planning, draft):
    path = page(draft, "add/")
    text_of(planning.get(path))
    sent = {
        "revision": 1, "slug": "new", "title": "New", "kind": "residency", "effect": "forbidden",
        "jurisdiction": "Utopia", "instrument": "Act", "article": "1", "url": "https://example.org",
        "origins": "eu", "categories": ["personal"], "places": "any", "places_except": "eu",
    }  # fmt: skip
    assert planning.post(path, sent).status_code == 302
    there = draft.rules.get(slug="new")
    assert "no start date, so the rule decides nothing" in text_of(planning.get(page(there)))
    assert planning.post(page(there, "remove/")).status_code == 302
    assert not draft.rules.filter(slug="new").exists()
    in_use = text_of(planning.post(page(draft.rules.get(slug="outside"), "remove/")), 409)
    assert "there is no other rule" in in_use


def test_a_pack_is_drafted_imported_published_and_withdrawn(planning, managing):
    shipped = queries.in_force()
    text_of(planning.get(f"{URL}packs/draft/"))
    made = planning.post(f"{URL}packs/draft/", {"made_from": shipped.pk, "version": "ours"})
    ours = RulePack.objects.get(version="ours")
    assert made["Location"] == page(ours)
    taken = text_of(planning.post(f"{URL}packs/draft/", {"made_from": shipped.pk, "version": "ours"}), 422)
    assert "Version ours is there already" in taken
    content = planning.get(page(ours, "export/")).content
    text_of(planning.get(page(ours, "import/")))
    sent = {"revision": 1, "file": SimpleUploadedFile("x.yaml", content.replace(b"days: 365", b"days: 90"))}
    assert planning.post(page(ours, "import/"), sent).status_code == 302
    faulty = text_of(planning.post(page(ours, "import/"), {"revision": 2, "text": "version: ["}), 422)
    assert "is not valid YAML" in faulty
    broken = content.decode().replace("effect: forbidden", "effect: perhaps", 1)
    refused = text_of(planning.post(page(ours, "import/"), {"revision": 2, "text": broken}), 422)
    assert "line " in refused
    ours.refresh_from_db()
    assert ours.check_again_days == 90
    shown = text_of(managing.get(page(ours)))
    assert "within 90 days" in shown
    assert "from 1 Jan 1973 to 31 Jan 2020" in shown or "Jan. 31, 2020" in shown
    assert managing.post(page(ours, "publish/"), {"digest": "0"}).status_code == 409
    long = {"digest": ours.digest, "because": "x" * 2001}
    assert managing.post(page(ours, "publish/"), long).status_code == 422
    assert managing.post(page(ours, "publish/"), {"digest": ours.digest}).status_code == 302
    assert queries.in_force() == ours
    assert managing.post(page(shipped, "withdraw/")).status_code == 409
    assert managing.post(page(ours, "withdraw/")).status_code == 302
    for path in ("", "try/"):
        assert "Every case is undecided" in text_of(planning.get(URL + path))
    assert "ours" in text_of(planning.get(f"{URL}packs/"))


def test_what_is_in_force_has_no_forms(planning):
    shipped = queries.in_force()
    there = shipped.rules.first()
    assert planning.get(page(there, "edit/"))["Location"] == page(there)
    assert planning.post(page(shipped, "discard/")).status_code == 409
    assert planning.post(page(there, "remove/")).status_code == 409


def test_pages_cost_the_same_with_few_rules_and_many(client_of, draft, planner, frozen_now):
    viewer = client_of("viewer")

    def statements(path):
        viewer.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert viewer.get(path).status_code == 200
        return len(captured)

    few = draft
    many = operations.make_draft(made_from=queries.in_force(), by=planner, now=frozen_now.at)
    lists = [statements(f"{URL}?version={one.version}") for one in (few, many)]
    packs = [statements(page(one)) for one in (few, many)]
    rules = [statements(page(one.rules.first())) for one in (few, many)]
    assert lists[0] == lists[1] <= 12
    assert max(packs) <= 16
    assert packs[0] == packs[1]
    assert max(rules) <= 14
    assert statements(f"{URL}try/?origin=DE&destination=FR&data_categories=personal") <= 9
    assert statements(f"{URL}packs/") <= 9
