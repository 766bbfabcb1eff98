"""What a site requires of people and who covers it: pages, endpoint, checks, all as of the instant asked about."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from readiness.assessment.scoring.models import CheckResult, SiteScore
from readiness.assessment.scoring.operations import evaluate, rescore_due
from readiness.organisation.people import operations
from readiness.organisation.people.models import Person, Qualification, Training
from tests.inventory import made as inventory
from tests.readiness.organisation.people import made

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FABRIC = "Fabric operation"


@pytest.fixture
def arista(db):
    return made.hardware(inventory.manufacturer(name="Arista", slug="arista"), kind="switch")


@pytest.fixture
def juniper(db):
    return made.hardware(inventory.manufacturer(name="Juniper", slug="juniper"), kind="switch")


@pytest.fixture
def fabric(db):
    """A skill that each vendor of switches asks two people for."""
    skill = made.skill(name=FABRIC, slug="fabric-operation", domain="network")
    made.rule(skill, name="Switches of each vendor", slug="switches")
    return skill


@pytest.fixture
def dallas(arista):
    site = inventory.site(name="Dallas", slug="dallas", stage="commissioning")
    for _ in range(2):
        inventory.device(site=site, device_type=arista, role="switch")
    return site


@pytest.fixture
def team(dallas):
    team = made.team(name="Fabric team")
    made.staffing(dallas, team)
    return team


@pytest.fixture
def ana(team):
    return made.person(team, name="Ana Reis")


@pytest.fixture
def rui(team):
    return made.person(team, name="Rui Sá")


@pytest.fixture
def covered(ana, rui, fabric, arista):
    """Both are qualified on the switches of Dallas, for good."""
    return [made.qualification(person, fabric, device_type=arista) for person in (ana, rui)]


@pytest.fixture
def result(dallas, frozen_now):
    def look(check="p3-role-coverage", at=None):
        evaluate(site_ids=[dallas.pk], now=at or frozen_now.at)
        return CheckResult.objects.get(site=dallas, check_id=check)

    return look


def rows_of(api, **query):
    answer = api.get("/api/people/coverage/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_second_vendor_is_a_requirement_by_itself_and_training_is_proposed(
    covered, dallas, juniper, fabric, result, api_of, client_of, frozen_now, ana, rui
):
    course = made.course(name="Switches hands-on", skill=fabric)
    assert (result().state, result().value) == ("pass", 2)
    before = SiteScore.objects.get(site=dallas).pillars["p3"]
    inventory.device(site=dallas, device_type=juniper, role="switch")
    frozen_now.move(seconds=1)
    fallen = result()
    assert (fallen.state, fallen.value) == ("fail", 0)
    assert f"{FABRIC} at level 1, for 1 switch of Juniper" in fallen.reason
    assert SiteScore.objects.get(site=dallas).pillars["p3"] != before
    rows = rows_of(api_of("ops"), site="dallas")
    assert [(row["because"], row["state"], row["qualified"], row["names"]) for row in rows] == [
        ("2 switches of Arista", "twice", 2, ["Ana Reis", "Rui Sá"]),
        ("1 switch of Juniper", "nobody", 0, []),
    ]
    page = client_of("manager").get("/people/coverage/dallas/")
    [proposal] = page.context["proposals"]
    assert (set(proposal.people), proposal.courses) == ({ana, rui}, (course,))
    link = f"/people/trainings/assign/?course={course.pk}&amp;people={ana.pk},{rui.pk}"
    assert f'href="{link}"' in page.text
    form = client_of("manager").get(link.replace("&amp;", "&")).context["form"]
    assert form["people"].value() == [str(ana.pk), str(rui.pk)]
    given = {"course": course.pk, "people": [ana.pk, rui.pk], "due_at": "2027-01-31 12:00"}
    assert client_of("manager").post("/people/trainings/assign/", given).status_code == 302
    assert set(Training.objects.values_list("person_id", "course_id")) == {
        (ana.pk, course.pk),
        (rui.pk, course.pk),
    }


@pytest.mark.parametrize(
    "loss", ["revoked", "left", "staffing ended", "exempt", "ran out", "signs in no more"]
)
def test_whoever_is_lost_counts_no_more_in_the_next_evaluation(
    loss, covered, dallas, ana, rui, team, fabric, result, user_of, client_of, api_of, frozen_now
):
    covered[1].delete()
    assert result().value == 1
    shown = client_of("manager").get("/people/coverage/dallas/")
    assert [each["alone"] for each in shown.context["dependencies"]] == [[FABRIC]]
    at = frozen_now.at
    if loss == "signs in no more":
        viewer = user_of("viewer")
        operations.request_link(ana, user=viewer, by=user_of("manager"), now=at)
        operations.confirm_link(ana, by=viewer, now=at)
    {
        "revoked": lambda: operations.revoke(covered[0], reason="no-practice", by=user_of("manager"), now=at),
        "left": lambda: Person.objects.update(left_at=at),
        "staffing ended": lambda: dallas.staffings.update(ends_at=at),
        "exempt": lambda: made.exemption(ana, fabric, begins_at=at),
        "ran out": lambda: Qualification.objects.update(valid_until=at),
        "signs in no more": lambda: User.objects.filter(person=ana).update(is_active=False),
    }[loss]()
    frozen_now.move(seconds=1)
    assert (result().state, result().value) == ("fail", 0)
    assert "p3-role-coverage" in SiteScore.objects.get(site=dallas).deciding
    # An hour earlier it was covered; of users nobody knows since when they sign in no more.
    [row] = rows_of(api_of("ops"), site="dallas", at=(at - timedelta(hours=1)).isoformat())
    assert row["qualified"] == (0 if loss == "signs in no more" else 1)


def test_what_runs_out_at_noon_changes_the_check_at_noon(covered, dallas, result, frozen_now):
    noon = frozen_now.at.replace(hour=12, minute=0, second=0, microsecond=0) + DAY
    Qualification.objects.filter(pk=covered[0].pk).update(valid_until=noon)
    assert result().value == 2
    assert SiteScore.objects.get(site=dallas).changes_at <= noon
    frozen_now.move(seconds=(noon - frozen_now.at).total_seconds() - 1)
    assert result().value == 2
    assert SiteScore.objects.get(site=dallas).changes_at == noon
    assert rescore_due(now=noon - timedelta(microseconds=1)) == 0
    assert rescore_due(now=noon) == 1
    assert CheckResult.objects.get(site=dallas, check_id="p3-role-coverage").value == 1


def test_training_that_is_due_at_noon_is_missing_from_noon_on(dallas, ana, team, result, frozen_now):
    noon = frozen_now.at.replace(hour=12, minute=0, second=0, microsecond=0) + DAY
    made.shift(made.rotation(dallas), ana, now=frozen_now.at)
    given = made.training(ana, made.course(), now=frozen_now.at, due_at=noon)

    def in_date(at):
        return {part["part"]: part["value"] for part in result("p3-training-currency", at=at).parts}

    assert in_date(noon - timedelta(seconds=1)) == {"on-call": 100, "overall": 100}
    assert SiteScore.objects.get(site=dallas).changes_at == noon
    assert in_date(noon) == {"on-call": 0, "overall": 0}
    given.completed_at = noon + DAY
    given.save()
    given.refresh_from_db()
    assert given.valid_until == given.completed_at + given.course.valid_days * DAY
    assert in_date(noon + DAY) == {"on-call": 100, "overall": 100}
    # Nobody is on call that late.
    assert in_date(given.valid_until) == {"on-call": None, "overall": 0}


@pytest.mark.parametrize(
    ("changes", "percent"),
    [
        pytest.param({}, 100, id="assessed on this hardware"),
        pytest.param({"basis": "exercised"}, 100, id="exercised on it"),
        pytest.param({"basis": "declared"}, 0, id="declared"),
        pytest.param({"level": 1}, 0, id="too low a level"),
        pytest.param({"device_type": "other model"}, 0, id="another generation of the vendor"),
    ],
)
def test_competency_is_shown_hands_on_on_this_hardware(
    changes, percent, dallas, ana, fabric, arista, result, frozen_now
):
    fabric.rules.update(level=2)
    if "device_type" in changes:
        changes = {"device_type": made.hardware(arista.manufacturer)}
    made.qualification(ana, fabric, **{"device_type": arista, "level": 2} | changes)
    made.shift(made.rotation(dallas, domain="network"), ana, now=frozen_now.at)
    # Nothing of a vendor is asked of whoever is on call for power.
    made.shift(made.rotation(dallas, domain="energy"), made.person(), now=frozen_now.at)
    assert result("p3-competency-verified").value == percent


@pytest.mark.parametrize(
    ("learned", "shadowed", "percent"),
    [
        pytest.param(["compute", "energy"], ["energy"], 100, id="both and a shift"),
        pytest.param(["compute"], ["energy"], 0, id="one domain"),
        pytest.param(["compute", "energy"], [], 0, id="no shift"),
        pytest.param(["compute", "energy"], ["network"], 0, id="a shift in their own"),
    ],
)
def test_literacy_is_of_the_other_domains(learned, shadowed, percent, dallas, ana, result, frozen_now):
    at = frozen_now.at
    made.shift(made.rotation(dallas, domain="network"), ana, now=at)
    courses = [("module", domain) for domain in learned] + [("shadow-shift", domain) for domain in shadowed]
    for kind, domain in courses:
        made.training(ana, made.course(kind=kind, domain=domain), now=at, completed_at=at - DAY)
    assert result("p3-cross-domain-literacy").value == percent


def test_a_viewer_sees_counts_and_no_name_anywhere(covered, rui, juniper, dallas, fabric, api_of, client_of):
    made.course(skill=fabric)
    inventory.device(site=dallas, device_type=juniper, role="switch")
    client, api = client_of("viewer"), api_of("viewer")
    rows = rows_of(api)
    assert [(row["qualified"], row["names"]) for row in rows] == [(2, None), (0, None)]
    answers = [client.get(address) for address in ("/people/coverage/", "/people/coverage/dallas/")]
    answers += [client.get("/people/coverage/dallas/", {"export": form}) for form in ("csv", "json")]
    answers += [api.get("/api/people/coverage/"), client.get("/search/", {"q": "Ana Reis"})]
    for answer in answers:
        assert answer.status_code == 200
        text = answer.getvalue().decode()
        assert not any(name in text.replace("q=Ana", "") for name in ("Rui Sá", "Reis</a>", '"Ana Reis"]'))
    for kind in ("qualifications", "trainings", "skill-exemptions"):
        assert client.get(f"/people/{kind}/").status_code == 403
        assert api.get(f"/api/people/{kind}/").status_code == 403


def test_readers_see_their_own_sites(covered, dallas, client_of, api_of, user_of):
    from accounts.models import AccessScope

    elsewhere = inventory.site(name="Faro", slug="faro")
    AccessScope.objects.create(user=user_of("viewer"), kind="site", slug=elsewhere.slug)
    assert rows_of(api_of("viewer")) == []
    assert client_of("viewer").get("/people/coverage/dallas/").status_code == 404


@pytest.mark.parametrize(
    "address", ["/people/coverage/", "/people/coverage/dallas/", "/api/people/coverage/"]
)
def test_many_sites_and_people_take_as_many_statements_as_one(
    address, covered, team, arista, fabric, client_of, dallas
):
    client = client_of("manager")

    def statements():
        made.team()  # Nothing is kept from before.
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    statements()
    few = statements()
    for number in range(6):
        site = inventory.site()
        inventory.device(site=site, device_type=arista, role="switch")
        made.staffing(site, team)
        made.qualification(made.person(team, name=f"Person number {number}"), fabric, device_type=arista)
    assert statements() <= few <= 32


def test_coverage_is_told_as_of_an_earlier_instant(covered, api_of, frozen_now):
    later = (frozen_now.at + 40 * DAY).isoformat()
    Qualification.objects.update(valid_until=frozen_now.at + 20 * DAY)
    [now] = rows_of(api_of("viewer"), site="dallas")
    [then] = rows_of(api_of("viewer"), site="dallas", at=later)
    assert [(row["qualified"], row["expiring"]) for row in (now, then)] == [(2, 2), (0, 0)]
    assert api_of("viewer").get("/api/people/coverage/", {"at": "someday"}).status_code == 400


def test_the_list_says_how_each_domain_is_covered(covered, dallas, juniper, client_of, frozen_now):
    inventory.device(site=dallas, device_type=juniper, role="switch")
    Qualification.objects.filter(pk=covered[0].pk).update(valid_until=frozen_now.at + DAY)
    asked = {"export": "json", "state": "expiring", "region": dallas.region.name, "domain": "network"}
    answer = client_of("viewer").get("/people/coverage/", asked)
    [row] = json.loads(b"".join(answer.streaming_content))
    shown = [row[key] for key in ("site", "state", "twice", "nobody", "expiring")]
    assert shown == ["dallas", "nobody", 1, 1, 1]
    none = client_of("viewer").get("/people/coverage/", asked | {"state": "once"})
    assert json.loads(b"".join(none.streaming_content)) == []


def test_owners_are_told_whether_their_team_can_do_what_the_item_requires(
    covered, dallas, team, juniper, client_of, user_of, frozen_now
):
    from readiness.organisation.ownership import operations as ownership
    from readiness.organisation.ownership.core.standing import Item

    lead = made.person(team, user=user_of("viewer", username="lead"))
    asked = ownership.Proposal(
        site=dallas, item=Item.NETWORK, accountable=lead, team=team, deputy=made.person(team),
        decision_rights="May stop it.", escalation="Call the NOC.",
    )  # fmt: skip
    at = frozen_now.at
    ownership.accept(ownership.propose(asked, by=user_of("manager"), now=at), by=lead.user, now=at)
    fit = client_of("manager").get("/ownership/?cell=dallas.network").context["evidence"]["fit"]
    assert (len(fit.required), fit.missing) == (1, ())
    inventory.device(site=dallas, device_type=juniper, role="switch")
    page = client_of("viewer").get("/ownership/?cell=dallas.network")
    [missing] = page.context["evidence"]["fit"].missing
    assert missing.because == "1 switch of Juniper"
    assert "Nobody in Fabric team is qualified for 1 of 2 requirements here" in page.text
