"""Who is on call: the page, the call and the files; the check; and that viewers read no name in any of them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import icalendar
import pytest

from inventory.models import SiteChange
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.organisation.people.models import Person, Rotation, Shift, Swap
from readiness.organisation.people.operations import rotations
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import rows_of, statements, text_of
from tests.readiness.organisation.people import made, practised

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
WEEK = timedelta(days=7)
CHECK = "p3-oncall-staffing"


@pytest.fixture
def porto():
    """A site with switches of a maker whom a rule asks about on each shift of network."""
    site = inventory.site(name="Porto", slug="porto")
    switch = made.hardware(inventory.manufacturer(name="Arista", slug="arista"))
    inventory.device(site=site, device_type=switch, role="switch")
    made.rule(made.skill(name="Arista EOS", slug="eos"), value="arista", level=2)
    return site


def able(person, level=2):
    switch = inventory.Device.objects.get(role="switch").device_type
    skill = made.Skill.objects.get(slug="eos")
    made.qualification(person, skill, level=level, device_type=switch)
    return person


@pytest.fixture
def covered(porto):
    """Each domain has eight people in turn at both levels; Xenia, who knows no Arista, is the primary for network."""
    for domain in ("compute", "network", "energy"):
        rotation = made.rotation(porto, domain=domain, slug=domain, name=f"{domain} rotation".capitalize())
        first = "Xenia Unable" if domain == "network" else f"Xaver of {domain}"
        people = [made.person(name=first)]
        people += [able(made.person(name=f"Yara {number} of {domain}")) for number in range(7)]
        for level in (1, 2):
            made.layer(rotation, *people[level - 1 :], *people[: level - 1], level=level)
    rotations.write_claimed_shifts(now=NOW)
    return porto


@pytest.fixture
def state(porto, frozen_now):
    def look(at=None):
        evaluate(site_ids=[porto.pk], now=at or frozen_now.at)
        result = CheckResult.objects.get(site=porto, check_id=CHECK)
        return {part["part"]: part for part in result.parts}

    return look


def duty(client, domain="network", **query):
    answer = client.get(f"/api/people/oncall/?{urlencode({'site': 'porto', 'domain': domain} | query)}")
    [row] = answer.json()["results"]
    return row


LACK = "network, primary: Arista EOS, level 2"


def test_somebody_unqualified_on_call_is_seen_and_a_swap_mends_it(
    covered, state, client_of, api_of, frozen_now
):
    before = state()["unqualified-on-call"]
    assert (before["state"], before["value"], before["detail"]) == ("fail", 1, LACK)
    assert duty(api_of("viewer"))["lacks"] == [LACK]
    shift = Shift.objects.current(NOW).get(rotation__domain="network", level=1)
    able_one = Person.objects.get(name="Yara 5 of network")
    moved_at = frozen_now.move(minutes=5)
    answer = api_of("manager").post("/api/people/swaps/", {"shift": shift.pk, "taker": able_one.pk})
    assert answer.status_code == 201
    after = state(moved_at)["unqualified-on-call"]
    assert (after["state"], after["value"]) == ("pass", 0)
    assert duty(api_of("ops"))["standing"] == "qualified"
    assert duty(api_of("ops"))["primary"][0]["person"]["name"] == "Yara 5 of network"


@pytest.mark.parametrize(
    ("spoil", "value", "detail"),
    [
        (lambda: None, 0, ""),
        (
            lambda: made.override(made.Rotation.objects.get(slug="energy"), level=2, starts_at=NOW + WEEK / 2,
                                  ends_at=NOW + WEEK / 2 + timedelta(hours=1)),
            1,
            "at some hour nobody: energy (secondary)",
        ),
        (
            lambda: made.override(made.Rotation.objects.get(slug="energy"), starts_at=NOW + 2 * WEEK,
                                  ends_at=NOW + 3 * WEEK),
            0,
            "",
        ),
        (
            lambda: made.Rotation.objects.filter(domain="compute").update(domain="energy"),
            1,
            "at some hour nobody: compute (primary), compute (secondary)",
        ),
    ],
    ids=["covered", "an hour this week", "an hour later", "no rotation"],
)  # fmt: skip
def test_domains_without_primary_or_secondary(spoil, value, detail, covered, state):
    spoil()
    rotations.write_claimed_shifts(now=NOW)
    part = state()["domains-uncovered"]
    assert (part["value"], part["detail"]) == (value, detail)


def test_time_and_size_are_counted(covered, state):
    parts = state()
    assert parts["time-on-call"]["value"] == pytest.approx(100 * 14 / 30, abs=2)
    assert (parts["rotation-size"]["value"], parts["rotation-size"]["state"]) == (8, "pass")
    assert parts["rotation-size-shared"]["state"] == "n-a"
    assert parts["limits-exceeded"]["value"] == 1
    for rotation in made.Rotation.objects.all():
        made.RotationSite.objects.create(rotation=rotation, site=inventory.site())
    parts = state()
    assert (parts["rotation-size-shared"]["value"], parts["rotation-size"]["state"]) == (8, "n-a")


def test_it_changes_at_the_hand_over_and_not_a_second_before(covered, state):
    """Next week's primary for network knows Arista."""
    handover = MONDAY + WEEK
    state()
    score = covered.score
    score.refresh_from_db()
    assert score.changes_at is not None
    assert state(handover - timedelta(seconds=1))["unqualified-on-call"]["value"] == 1
    assert state(handover)["unqualified-on-call"]["detail"] == "network, secondary: Arista EOS, level 2" or (
        state(handover)["unqualified-on-call"]["value"] == 0
    )


PAGES = [
    "/people/oncall/",
    "/people/oncall/?export=csv",
    "/api/people/oncall/",
    "/api/people/rotations/network.ics",
    "/people/rotations/",
    "/api/people/rotations/",
    "/people/rotations/{pk}/",
    "/sites/porto/checks/p3-oncall-staffing/",
    "/api/readiness/results/?site=porto",
    "/history/",
]
CLOSED = [
    "/people/shifts/",
    "/people/leave/",
    "/people/overrides/",
    "/people/oncall/hours/",
    "/api/people/leave/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_reads_no_name(path, covered, state, client_of):
    state()
    made.leave(Person.objects.get(name="Yara 2 of network"))
    rotation = made.Rotation.objects.get(slug="network")
    text = text_of(client_of("viewer").get(path.format(pk=rotation.pk)))
    assert not any(name in text for name in ("Xenia", "Xaver", "Yara"))


@pytest.mark.parametrize("path", CLOSED)
def test_lists_of_people_are_closed_to_viewers(path, covered, client_of):
    assert client_of("viewer").get(path).status_code == 403


def rows(client, query=""):
    return {
        (row["Site"], row["Domain"]): row for row in rows_of(client.get(f"/people/oncall/?export=csv{query}"))
    }


def test_the_page_has_a_row_for_each_domain(covered, client_of):
    shown = rows(client_of("ops"))
    assert shown.keys() == {("porto", domain) for domain in ("Compute", "Network", "Energy")}
    row = shown["porto", "Network"]
    assert (row["Primary"], row["Secondary"]) == ("Xenia Unable", "Yara 0 of network")
    assert (row["Standing"], row["Lacks"]) == ("unqualified", LACK)
    assert (row["Next hand-over"], row["To"]) == ("30 Nov 2026 08:00 UTC", "Yara 0 of network")
    seen = rows(client_of("viewer"))["porto", "Network"]
    assert (seen["Primary"], seen["Next hand-over"]) == ("covered", "30 Nov 2026 08:00 UTC")


def test_the_page_answers_for_another_instant(covered, client_of):
    at = urlencode({"at": (MONDAY + WEEK).isoformat(), "domain": "network"})
    assert rows(client_of("ops"), f"&{at}")["porto", "Network"]["Primary"] == "Yara 0 of network"
    assert client_of("ops").get("/people/oncall/?at=someday").status_code == 400


@pytest.mark.parametrize(
    "path", ["/people/oncall/", "/api/people/oncall/", "/people/rotations/{pk}/", "/people/shifts/"]
)
def test_statements_do_not_grow_with_rows(path, covered, client_of):
    rotation = made.Rotation.objects.get(slug="network")
    ops = client_of("ops")
    path = path.format(pk=rotation.pk)
    statements(ops, path)

    def grow(number):
        """Write something of each kind, so that nothing is kept from before."""
        site = inventory.site()
        another = made.rotation(site, rotation.sites.get(slug="porto"), domain="network")
        for level in (1, 2):
            people = [made.person(name=f"Zoe {number} {place}") for place in range(8)]
            made.layer(another, *people, level=level)
        made.layer(rotation, *(made.person() for _ in range(4)), level=3)
        rotations.write_claimed_shifts(now=NOW)

    grow(0)
    few = statements(ops, path)
    for number in range(1, 5):
        grow(number)
    assert statements(ops, path) <= few + 1
    assert few < 45


def events(content):
    calendar = icalendar.Calendar.from_ical(content)
    return [(str(each["SUMMARY"]), each["DTSTART"].dt, each["DTEND"].dt) for each in calendar.walk("VEVENT")]


def test_the_file_of_a_rotation(covered, client_of, api_of):
    path = "/api/people/rotations/network.ics"
    answer = api_of("ops", scope="read").get(path)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    seen = events(answer.content)
    assert seen[0] == ("Xenia Unable (primary)", MONDAY, MONDAY + WEEK)
    assert len(seen) == Shift.objects.filter(rotation__slug="network").count()
    assert events(client_of("viewer").get(path).content)[0][0] == "On call (primary)"
    assert client_of(None).get(path).status_code == 401
    assert api_of("ops").get("/api/people/rotations/other.ics").status_code == 404


def test_ones_own_shifts_as_a_file(covered, client_of, user_of):
    xenia = Person.objects.get(name="Xenia Unable")
    Person.objects.filter(pk=xenia.pk).update(
        requested_user=user_of("viewer"), requested_by=user_of("manager"), requested_at=NOW
    )
    Person.objects.filter(pk=xenia.pk).update(
        user=user_of("viewer"),
        user_confirmed_at=NOW,
        requested_user=None,
        requested_by=None,
        requested_at=None,
    )
    seen = events(client_of("viewer").get("/api/people/own-shifts.ics").content)
    assert len(seen) == Shift.objects.filter(person=xenia).count() > 0
    assert {name for name, *_ in seen} <= {"Xenia Unable (primary)", "Xenia Unable (secondary)"}


def hours(client, **query):
    answer = client.get(f"/people/oncall/hours/?{urlencode({'export': 'csv'} | query)}")
    return {row["Person"]: row for row in rows_of(answer)}


def test_hours_of_people_in_any_period(covered, client_of):
    span = {"start": MONDAY.isoformat(), "end": (MONDAY + WEEK).isoformat(), "rotation": "network"}
    shown = hours(client_of("ops"), **span)
    assert shown.keys() == {"Xenia Unable", "Yara 0 of network"}
    row = shown["Xenia Unable"]
    # 168 hours, of which 50 on weekdays between 8 and 18.
    assert (float(row["Hours"]), float(row["Overtime (h)"]), row["Shifts"]) == (168, 118, "1")


def test_the_page_of_a_rotation_says_what_is_wrong(covered, client_of):
    rotation = made.Rotation.objects.get(slug="network")
    person = Person.objects.get(name="Yara 0 of network")
    made.leave(person, starts_at=MONDAY + WEEK, ends_at=MONDAY + 2 * WEEK)
    made.override(rotation, starts_at=MONDAY + 2 * WEEK, ends_at=MONDAY + 3 * WEEK)
    page = client_of("ops").get(f"/people/rotations/{rotation.pk}/")
    [panel] = [each for each in page.context["panels"] if each.key == "outlook"]
    times = ["30 Nov 2026 08:00 UTC – 7 Dec 2026 08:00 UTC", "7 Dec 2026 08:00 UTC – 14 Dec 2026 08:00 UTC"]
    assert [(problem["title"], problem["text"]) for problem in panel.context["problems"]] == [
        ("Nobody takes a shift because of leave", f"Yara 0 of network, primary, {times[0]}"),
        ("No primary", times[1]),
    ]
    legend = {entry["role"]: entry["label"] for entry in panel.context["legend"]}
    assert legend["pillar-1"].startswith("Xenia Unable")
    assert legend["gap"] == "nobody"
    outlook = panel.context["outlook"]
    assert outlook.ahead.uncovered == pytest.approx(200 / 52, abs=0.1)
    assert sum(load.hours for load in outlook.ahead.people) == pytest.approx(103 * 168, rel=0.01)
    assert {lane["label"] for lane in panel.context["lanes"]} == {"Primary", "Secondary"}


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"start": "2026-11-30T08:00:00Z", "end": "2026-12-07T08:00:00Z"}, 2),
        ({"start": "2026-11-30T07:00:00Z", "end": "2026-12-07T09:00:00Z"}, 6),
        ({"site": "porto", "level": 1, "start": "2026-11-30T08:00:00Z", "end": "2026-12-07T08:00:00Z"}, 1),
        ({"site": "elsewhere"}, 0),
    ],
)
def test_shifts_are_filtered(query, number, covered, api_of):
    rotation = made.Rotation.objects.get(slug="network")
    inventory.site(slug="elsewhere")
    answer = api_of("ops").get(f"/api/people/shifts/?{urlencode({'rotation_id': rotation.pk} | query)}")
    assert answer.json()["count"] == number


def test_a_swap_keeps_who_asked_in_the_history(covered, client_of):
    shift = Shift.objects.current(NOW).get(rotation__domain="network", level=1)
    taker = Person.objects.get(name="Yara 5 of network")
    client_of("manager").post(f"/people/shifts/{shift.pk}/move/", {"taker": taker.pk})
    assert Swap.objects.get().requested_by.username == "manager"


def test_what_is_wrong_comes_first(covered, client_of):
    Shift.objects.filter(rotation__slug="energy").delete()
    page = client_of("ops").get("/people/oncall/?export=csv")
    shown = [(row["Domain"], row["Standing"]) for row in rows_of(page)]
    assert shown == [("Energy", "uncovered"), ("Network", "unqualified"), ("Compute", "qualified")]


def test_what_is_kept_follows_the_clock_and_each_end_of_a_shift(covered, api_of, frozen_now):
    assert duty(api_of("ops"))["primary"][0]["person"]["name"] == "Xenia Unable"
    frozen_now.move(seconds=(MONDAY + WEEK - frozen_now.at).total_seconds())
    assert duty(api_of("ops"))["primary"][0]["person"]["name"] == "Yara 0 of network"
    now_on = Shift.objects.current(frozen_now.at).filter(rotation__slug="network", level=1)
    now_on.update(ends_at=frozen_now.at + timedelta(hours=1))
    frozen_now.move(hours=1)
    assert duty(api_of("ops"))["standing"] == "uncovered"


def test_somebody_who_cannot_sign_in_is_not_on_call(covered, state, api_of, user_of):
    xenia = Person.objects.filter(name="Xenia Unable")
    user = user_of("viewer")
    xenia.update(requested_user=user, requested_by=user_of("manager"), requested_at=NOW)
    xenia.update(user=user, user_confirmed_at=NOW, requested_user=None, requested_by=None, requested_at=None)
    assert duty(api_of("ops"))["primary"][0]["is_covered"]
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert not duty(api_of("ops"))["primary"][0]["is_covered"]
    assert state()["domains-uncovered"]["detail"] == "at some hour nobody: network (primary)"


def test_hours_are_sorted_by_name(frozen_now, client_of):
    rotation = made.rotation(inventory.site())
    for name in ("Zoe Alm", "Abel Dias"):
        practised.shift(rotation, made.person(name=name), NOW - timedelta(days=2))
    rows = rows_of(client_of("manager").get("/people/oncall/hours/?sort=person&export=json"))
    assert [row["person"] for row in rows] == ["Abel Dias", "Zoe Alm"]


@pytest.mark.parametrize("gone", ["deactivated", "left"])
def test_who_is_gone_is_on_call_nowhere(gone, covered, state, user_of, api_of, client_of):
    """Neither now nor at the next hand-over; once they are back, their turns are theirs again."""
    user = user_of("ops", username="xaver")
    xaver = Person.objects.get(name="Xaver of compute")
    Person.objects.filter(pk=xaver.pk).update(
        requested_user=user, requested_by=user_of("manager"), requested_at=NOW
    )
    Person.objects.filter(pk=xaver.pk).update(
        user=user, user_confirmed_at=NOW, requested_user=None, requested_by=None, requested_at=None
    )
    rotations.write_claimed_shifts(now=NOW)
    before = list(Shift.objects.filter(person=xaver, ends_at__gt=NOW).values_list("starts_at", "ends_at"))
    assert len(before) > 1
    SiteChange.objects.all().delete()

    def change(*, is_there):
        if gone == "left":
            given = {"left_at": None if is_there else NOW.isoformat()}
            answer = api_of("manager").patch(f"/api/people/people/{xaver.pk}/", given)
        else:
            answer = api_of("admin").patch(f"/api/accounts/users/{user.pk}/", {"is_active": is_there})
        assert answer.status_code == 200
        rotations.write_claimed_shifts(now=NOW)

    change(is_there=False)
    assert SiteChange.objects.filter(site=covered).exists()
    assert not Shift.objects.filter(person=xaver, ends_at__gt=NOW).exists()
    assert not Shift.objects.filter(is_on_leave=True).exists()
    now_on = duty(api_of("ops"), "compute")
    assert (now_on["standing"], now_on["primary"][0]["person"]) == ("uncovered", None)
    assert state()["domains-uncovered"]["value"] == 1
    rotation = Rotation.objects.get(slug="compute")
    file = api_of("ops").get(f"/api/people/rotations/{rotation.slug}.ics").content.decode()
    assert file.count("Xaver") == 1  # the shift that is over
    page = text_of(client_of("ops").get(f"/people/rotations/{rotation.pk}/"))
    assert "Xaver of compute: their shifts are nobody’s" in page
    change(is_there=True)
    after = Shift.objects.filter(person=xaver, ends_at__gt=NOW).values_list("starts_at", "ends_at")
    assert [ends_at for _, ends_at in after] == [ends_at for _, ends_at in before]
