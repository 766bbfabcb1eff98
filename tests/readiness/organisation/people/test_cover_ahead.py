"""Cover of the next 60 days: as each instant of random entries says, kept until something changes; its page, file,
chart and call; who could take a shift; and that readers without names read none."""

import random
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from readiness.organisation.people.core.cover import CoverSpan
from readiness.organisation.people.models import Leave, Override, Person, Shift, Swap
from readiness.organisation.people.operations import rotations
from readiness.organisation.people.queries.candidates import candidates
from readiness.organisation.people.queries.cover import cover_ahead, short_shifts
from readiness.organisation.people.queries.on_call import duties_at
from tests.conftest import NOW
from tests.inventory import made as inventory
from tests.pages import rows_of, statements, text_of
from tests.readiness.organisation.people import made
from tests.readiness.organisation.people.by_instant import DailyLayer, Entries, cover_at, joined

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def porto():
    """A site with switches of a maker whom a rule asks about on each shift of network."""
    site = inventory.site(name="Porto", slug="porto")
    switch = made.hardware(inventory.manufacturer(name="Arista", slug="arista"))
    inventory.device(site=site, device_type=switch, role="switch")
    made.rule(made.skill(name="Arista EOS", slug="eos"), value="arista", level=2)
    return site


def able(person, **given):
    switch = inventory.Device.objects.get(role="switch").device_type
    made.qualification(
        person, made.Skill.objects.get(slug="eos"), **{"level": 2, "device_type": switch} | given
    )
    return person


# The first 60 days hold the change of the clock in spring, the others that in autumn.
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("now", [datetime(2026, 2, 20, 7, tzinfo=UTC), datetime(2026, 9, 20, 7, tzinfo=UTC)])
def test_cover_of_random_entries_is_what_each_instant_says(now, seed, porto, frozen_now):
    frozen_now.at = now
    drawn = random.Random(f"{now}{seed}")
    people = [made.person() for _ in range(6)]
    ids = [person.pk for person in people]

    def span():
        begins = now + drawn.randint(-48, 60 * 24) * HOUR
        return begins, begins + drawn.randint(3, 200) * HOUR

    held = [(person.pk, 1, None, now - WEEK, now + drawn.randint(1, 60) * DAY) for person in people[:1]]
    made.exemption(people[0], made.Skill.objects.get(), begins_at=held[0][3], ends_at=held[0][4])
    for person in people[1:5]:
        level, shown_at = drawn.choice([1, 2, 2, 2]), now - drawn.randint(1, 300) * DAY
        until = drawn.choice([None, now + drawn.randint(1, 70 * 24) * HOUR])
        able(person, level=level, shown_at=shown_at, valid_until=until)
        held.append((person.pk, 1, level, shown_at, until or datetime.max.replace(tzinfo=UTC)))
    away = [(drawn.choice(ids), *span()) for _ in range(3)]
    for person, starts_at, ends_at in away:
        Leave.objects.create(person_id=person, starts_at=starts_at, ends_at=ends_at)
    several = [_random_entries(drawn, porto, people, now, span) for _ in range(2)]
    rotations.write_claimed_shifts(now=now)
    spans = cover_ahead([porto.pk], now=now)[porto.pk].domain_spans("network")
    for number in range(0, 60 * 24 * 4, 11):
        at = now + number * HOUR / 4
        [part] = [each for each in spans if each.starts_at <= at < each.ends_at]
        expected = cover_at(joined(each.levels(at, away) for each in several), [(1, 2, 1)], held, at)
        assert (part.standing, set(part.people), len(part.qualified), part.needed) == (
            *(expected[0], expected[1], len(expected[2]), expected[3]),
        )
    assert {part.standing for part in spans} > {"short"}
    # The page of who is on call says the same of any instant.
    for part in drawn.sample(spans, min(6, len(spans))):
        at = max(part.starts_at, now)
        [row] = duties_at([porto], at=at)
        assert (row.standing == "qualified") == (part.standing in ("as-needed", "more")), at


def _random_entries(drawn, site, people, now, span):
    zone = drawn.choice(["Europe/Lisbon", "America/New_York"])
    rotation = made.rotation(site, time_zone=zone)
    entries = Entries()
    for level in (1, 2):
        chosen = drawn.sample(people, drawn.randint(2, 4))
        hours, every = drawn.choice([(12, 1), (24, 1), (168, 7)])
        first = (now + drawn.randint(-9 * 24, 0) * HOUR).replace(tzinfo=None)
        layer = DailyLayer(level, first, hours, every, 1, tuple(each.pk for each in chosen), zone)
        entries.layers.append(layer)
        starts_at = first.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        rule = f"FREQ=DAILY;INTERVAL={every}"
        made.layer(rotation, *chosen, level=level, starts_at=starts_at, rule=rule, duration_min=hours * 60)
        holder = drawn.choice([None, *(each.pk for each in people)])
        entries.overrides.append((level, *span(), holder))
        one, other = drawn.sample(people, 2)
        entries.swaps.append((level, *span(), one.pk, other.pk))
    for level, starts_at, ends_at, person in entries.overrides:
        Override.objects.create(
            rotation=rotation, level=level, person_id=person, starts_at=starts_at, ends_at=ends_at
        )
    asked = made.User.objects.create(username=f"of {rotation}")
    for number, (level, starts_at, ends_at, person, taker) in enumerate(entries.swaps):
        Swap.objects.create(
            rotation=rotation, level=level, person_id=person, taker_id=taker, starts_at=starts_at, ends_at=ends_at,
            state="taken", requested_by=asked, requested_at=now, answered_at=now + number * HOUR,
        )  # fmt: skip
    return entries


@pytest.fixture
def people():
    return {name: made.person(name=name) for name in ("Ada", "Bo", "Cai", "Dee")}


@pytest.fixture
def rotation(porto, people, frozen_now):
    """Ada and Bo are primary from week to week, and Cai secondary, who does not know Arista from 7 December on."""
    rotation = made.rotation(porto, name="Porto network", slug="porto-network")
    made.layer(rotation, people["Ada"], people["Bo"])
    made.layer(rotation, people["Cai"], level=2)
    for name in ("Ada", "Bo"):
        able(people[name])
    able(people["Cai"], valid_until=MONDAY + 2 * WEEK)
    rotations.write_claimed_shifts(now=NOW)
    return rotation


def standings(site, **given):
    spans = cover_ahead([site.pk], now=NOW, **given)[site.pk].domain_spans("network")
    return [(span.starts_at, span.standing) for span in spans]


def test_spans_follow_the_turns_and_what_ends(porto, rotation):
    assert standings(porto, days=18) == [
        (MONDAY, "as-needed"),
        (MONDAY + WEEK, "as-needed"),
        (MONDAY + 2 * WEEK, "short"),
    ]
    assert len(standings(porto)) == 9
    [first] = short_shifts([porto.pk], now=NOW)
    assert (first.starts_at, [str(lack) for lack in first.lacks]) == (
        MONDAY + 2 * WEEK,
        ["network, secondary: Arista EOS, level 2"],
    )


def test_what_changes_it_is_seen_at_once(porto, rotation, people):
    standings(porto)
    able(people["Cai"])
    assert {standing for _, standing in standings(porto)} == {"as-needed"}
    made.leave(people["Ada"], starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    rotations.write_claimed_shifts(now=NOW)
    assert (NOW + DAY, "short") in standings(porto)
    Shift.objects.all().delete()
    assert {standing for _, standing in standings(porto)} == {"not-planned"}


def test_a_qualification_that_waits_for_its_assessor_fills_no_shift(porto, rotation, people):
    able(people["Cai"], confirmed_at=None)
    assert "short" in {standing for _, standing in standings(porto)}


def test_a_domain_that_is_required_and_served_by_nobody_is_not_planned(porto, frozen_now):
    assert [standing for _, standing in standings(porto)] == ["not-planned"]
    assert cover_ahead([inventory.site().pk], now=NOW).popitem()[1].spans == ()


def test_a_second_reading_takes_one_statement(porto, rotation, django_assert_num_queries):
    other = inventory.site()
    made.rotation(other)
    sites = [porto.pk, other.pk]
    cover_ahead(sites, now=NOW)
    with django_assert_num_queries(1):
        assert len(cover_ahead(sites, now=NOW + HOUR)) == 2


def call(client, **query):
    return client.get(f"/api/people/cover/?{urlencode(query, doseq=True)}").json()


def test_the_call_has_filters_and_pages(porto, rotation, api_of):
    faro = inventory.site(name="Faro", slug="faro")
    made.RotationSite.objects.create(rotation=made.rotation(domain="energy"), site=faro)
    api = api_of("ops")
    everything = call(api)
    assert (everything["count"], [row["site"] for row in everything["results"]]) == (
        10,
        ["faro"] + ["porto"] * 9,
    )
    short = call(api, site="porto", standing="short", limit=2)
    assert (short["count"], len(short["results"])) == (7, 2)
    assert short["results"][0] == {
        "site": "porto",
        "domain": "network",
        "starts_at": "2026-12-07T08:00:00Z",
        "ends_at": "2026-12-14T08:00:00Z",
        "standing": "short",
        "people": 2,
        "qualified": 1,
        "needed": 2,
        "lacks": ["network, secondary: Arista EOS, level 2"],
        "names": [{"id": Person.objects.get(name=name).pk, "name": name} for name in ("Ada", "Cai")],
    }
    assert call(api, **{"from": "2026-12-08T00:00:00Z", "to": "2026-12-10T00:00:00Z"})["count"] == 2
    assert call(api, domain="compute")["count"] == 0
    assert call(api_of("viewer"), site="porto")["results"][0]["names"] is None
    for wrong in ({"standing": "good"}, {"domain": "water"}, {"from": "someday"}):
        assert api.get(f"/api/people/cover/?{urlencode(wrong)}").status_code == 400


@pytest.mark.parametrize("path", ["/people/oncall/ahead/", "/api/people/cover/"])
def test_statements_do_not_grow_with_sites(path, porto, rotation, client_of):
    ops = client_of("ops")

    def grow(number):
        site = inventory.site()
        switch = inventory.Device.objects.first().device_type
        inventory.device(site=site, device_type=switch, role="switch")
        another = made.rotation(site)
        made.layer(another, made.person(name=f"Zoe {number}"), made.person())
        rotations.write_claimed_shifts(now=NOW)

    grow(0)
    few = statements(ops, path)
    for number in range(1, 5):
        grow(number)
    assert statements(ops, path) <= few + 1
    assert few < 45


def test_the_page_lists_what_is_short_and_draws_its_weeks(porto, rotation, client_of):
    rows = rows_of(client_of("ops").get("/people/oncall/ahead/?export=csv&days=60"))
    assert len(rows) == 7
    assert (rows[0]["Site"], rows[0]["Standing"], rows[0]["On call"]) == ("porto", "short", "Ada, Cai")
    page = client_of("ops").get("/people/oncall/ahead/")
    counts = page.context["counts"]
    assert (counts.soon, counts.short, counts.sites, counts.unplanned) == (1, 7, 1, 0)
    assert rows_of(client_of("ops").get("/people/oncall/ahead/?export=csv")) == rows[:1]
    assert client_of("ops").get("/people/oncall/ahead/?days=30").status_code == 400
    figure = client_of("ops").get("/people/oncall/ahead/chart.json").json()
    assert sum(sum(trace["y"]) for trace in figure["data"]) == 7
    assert figure["meta"]["finding"].startswith("7 shifts are short in 60 days")
    assert "Short ahead" in text_of(client_of("ops").get("/people/oncall/"))


def test_a_viewer_reads_no_name(porto, rotation, client_of):
    for path in (
        "/people/oncall/ahead/",
        "/people/oncall/ahead/?export=csv",
        "/people/oncall/ahead/chart.csv",
    ):
        text = text_of(client_of("viewer").get(path))
        assert not any(name in text for name in ("Ada", "Cai"))


def test_one_person_twice_is_said(porto, rotation, people, client_of):
    beside = made.rotation(porto, name="Porto nights", slug="porto-nights")
    made.layer(beside, people["Ada"], people["Dee"], level=2)
    made.LayerMember.objects.filter(layer__rotation=rotation, layer__level=2).delete()
    rotations.write_claimed_shifts(now=NOW)
    rows = rows_of(client_of("ops").get("/people/oncall/ahead/?export=csv"))
    assert (rows[0]["On call"], rows[0]["Lacks"]) == (
        "Ada; Ada is primary already",
        "network, secondary: nobody; network, too few on call: Arista EOS, level 2",
    ) or rows[0]["Lacks"].startswith("network, secondary: nobody")


def test_who_could_take_a_shift_and_why_not_the_others(porto, rotation, people):
    team = made.team()
    made.staffing(porto, team)
    eve = able(made.person(team, name="Eve"))
    made.person(team, name="Fay")
    able(made.person(name="Gus"), valid_until=MONDAY + 2 * WEEK + DAY)
    hal = able(made.person(name="Hal"))
    able(made.person(name="Ira", left_at=NOW))
    made.leave(hal, starts_at=MONDAY + 2 * WEEK, ends_at=MONDAY + 2 * WEEK + DAY)
    night = CoverSpan(
        site=porto.pk, domain="network", starts_at=MONDAY + 2 * WEEK, ends_at=MONDAY + 2 * WEEK + 12 * HOUR,
        people=frozenset({people["Ada"].pk, people["Cai"].pk}), needed=2,
    )  # fmt: skip
    elsewhere = made.rotation(inventory.site(), name="Faro network")
    made.shift(elsewhere, eve, now=NOW, starts_at=night.ends_at + 5 * HOUR, ends_at=night.ends_at + 10 * HOUR)
    found = {each.person.name: each for each in candidates(night, now=NOW)}
    assert next(iter(found)) == "Gus"
    assert {name: (each.role, each.is_qualified, each.hindrances) for name, each in found.items()} == {
        "Gus": ("elsewhere", True, ()),
        "Bo": ("rotation", True, ("rests 0 h before it, of 11 h",)),
        "Eve": ("site", True, ("rests 5 h after it, of 11 h",)),
        "Fay": ("site", False, ("does not have Arista EOS, level 2",)),
        "Hal": ("elsewhere", True, ("is on leave until 8 Dec 2026 08:00 UTC",)),
    }
    assert found["Gus"].qualified_until == MONDAY + 2 * WEEK + DAY
    assert (found["Eve"].rest_before_h, found["Eve"].rest_after_h, found["Eve"].hours_7d) == (None, 5, 17)
