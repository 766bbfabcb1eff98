"""The gap by group over time, of the sites asked about, and what would close it, from stored verdicts."""

import pytest
from django.http import QueryDict

from readiness.assessment.scoring.core.closing import ClosingTarget
from readiness.assessment.scoring.core.gap import CapacityMeasure
from readiness.assessment.scoring.gap import closing
from readiness.assessment.scoring.gap import queries as gap
from readiness.assessment.scoring.gap.queries import Question
from readiness.assessment.scoring.models import ScorePoint, SiteScore
from readiness.assessment.scoring.queries.standing import fleet_standing
from readiness.golive.worklist.params import BadQuestion, read
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW

pytestmark = pytest.mark.django_db
ASIA = {"name": "Asia", "slug": "asia"}


def blocked(there, *days_ago_and_blocker):
    """The first blocker of some days, as the evaluation of each stored it."""
    for ago, blocker in days_ago_and_blocker:
        point = stored.point(there, (NOW - ago * DAY).date(), 0.5)
        ScorePoint.objects.filter(pk=point.pk).update(first_blocker=blocker)


@pytest.fixture
def fleet(db):
    """4 MW: 1 ready, 0.5 conditional, and 2.5 not ready that p1 held at first and p2 holds now."""
    asia = made.region(**ASIA)
    stored.site("ready", kw=1000, name="Ria", slug="ria", kind="edge")
    stored.site("conditional", kw=500, name="Cor", slug="cor", region=asia)
    nau = stored.site(kw=2500, name="Nau", slug="nau", region=asia, first_blocker="p2-power-headroom")
    blocked(
        nau, (62, "p1-soak-24h"), (30, "p1-soak-24h"), (10, "p2-power-headroom"), (0, "p2-power-headroom")
    )
    return nau


def asked(by, **more):
    question = Question(by=by, **{"points": 51} | more)
    sites = gap.fleet_with_past(question, now=NOW)
    return gap.groups_over_time(question, sites, start=NOW - 50 * DAY, end=NOW)


def test_the_history_of_the_first_blocker_moves_capacity_from_group_to_group(fleet):
    groups = {group.key: [one.gap.it_kw for one in group.gaps] for group in asked("first-blocker")}
    before = groups["p1-soak-24h"].index(0)
    assert 38 <= before <= 41
    assert set(groups["p1-soak-24h"][:before]) == {2500}
    assert set(groups["p2-power-headroom"][before:]) == {2500}
    assert set(groups["conditional"]) == {500}


def test_before_the_first_recorded_day_the_blocker_is_not_recorded(fleet):
    question = Question(by="first-blocker", points=51)
    sites = gap.fleet_with_past(question, now=NOW)
    groups = gap.groups_over_time(question, sites, start=NOW - 80 * DAY, end=NOW)
    unrecorded = next(group for group in groups if group.key == gap.UNRECORDED)
    assert unrecorded.gaps[0].gap.it_kw == 2500
    assert unrecorded.now.gap.it_kw == 0


@pytest.mark.parametrize(
    ("by", "now"),
    [
        ("first-blocker", {"p2-power-headroom": 2500, "conditional": 500, "ready": 0, "p1-soak-24h": 0}),
        ("pillar", {"p2": 2500, "conditional": 500, "ready": 0, "p1": 0}),
        ("region", {"asia": 3000, "iberia": 0}),
        ("kind", {"core": 3000, "edge": 0}),
        ("site", {"nau": 2500, "cor": 500, "ria": 0}),
    ],
)
def test_groups_add_up_to_the_gap_at_every_instant(fleet, by, now):
    groups = asked(by, groups=50)
    assert {
        group.key if by != "region" or group.key == "asia" else "iberia": group.now.gap.it_kw
        for group in groups
    } == now
    question = Question(points=51)
    sites = gap.fleet_with_past(question, now=NOW)
    whole = gap.gap_history(question, sites, start=NOW - 50 * DAY, end=NOW).gaps
    for place, one in enumerate(whole):
        assert sum(group.gaps[place].gap.it_kw for group in groups) == pytest.approx(one.gap.it_kw)


def test_a_site_that_cannot_be_evaluated_is_not_ready_since_then(fleet):
    SiteScore.objects.filter(site__slug="ria").update(failed_at=NOW - 10 * DAY, failure="KeyError")
    question = Question(points=51)
    sites = gap.fleet_with_past(question, now=NOW)
    ready = [
        each.ready.it_kw for each in gap.gap_history(question, sites, start=NOW - 50 * DAY, end=NOW).gaps
    ]
    assert (ready[39], ready[40], ready[-1]) == (1000, 0, sites.fleet.gap.ready.it_kw)


def test_what_is_not_among_the_largest_is_one_group(fleet):
    for number in range(4):
        stored.site(kw=10, name=f"Small {number}", slug=f"small-{number}")
    groups = asked("site", groups=2)
    assert [group.key for group in groups] == ["nau", "cor", gap.OTHERS]
    assert groups[-1].now.gap.it_kw == 40


@pytest.mark.parametrize(
    ("of", "deployed"),
    [
        ({"regions": ("asia",)}, 3000),
        ({"kinds": ("edge",)}, 1000),
        ({"profiles": ("training",)}, 0),
        ({"measure": CapacityMeasure.ACCELERATORS}, 4000),
    ],
)
def test_of_the_sites_that_are_asked_about(fleet, of, deployed):
    found = gap.present(Question(**of), gap.fleet_with_past(Question(**of), now=NOW))
    assert found.fleet.gap.deployed.it_kw == deployed


@pytest.mark.parametrize("by", ["first-blocker", "pillar", "region", "kind", "site"])
def test_groups_of_the_present_are_the_last_of_the_history(fleet, by):
    known = fleet_standing(now=NOW)
    present = {group.key: group.gap.gap.it_kw for group in gap.present_groups(Question(by=by), known)}
    assert present == {
        group.key: group.now.gap.it_kw for group in asked(by, groups=50) if group.now.gap.it_kw
    }


def test_a_large_fleet_reads_only_the_days_that_are_drawn(fleet, monkeypatch):
    exactly = {group.key: group.now for group in asked("first-blocker")}
    monkeypatch.setattr(gap, "READ_AT_ONCE", 1)
    assert {group.key: group.now for group in asked("first-blocker")} == exactly


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("by=moon", "by"),
        ("measure=mw", "measure"),
        ("target=planned", "target"),
        ("region=atlantis", "region"),
        ("kind=core&kind=cellar", "kind"),
        ("profile=rest", "profile"),
        ("points=1", "points"),
        ("points=" + "9" * 40, "points"),
        ("checks=-1", "checks"),
        ("groups=²", "groups"),
    ],
)
def test_what_cannot_be_read_names_its_parameter(query, field):
    with pytest.raises(BadQuestion) as refused:
        read(QueryDict(query), regions={"asia": "Asia"})
    assert refused.value.field == field


def test_values_are_repeated_or_separated_by_commas():
    question = read(QueryDict("kind=core,edge&kind=colo&region=asia"), regions={"asia": "Asia"})
    assert (question.kinds, question.regions) == (("core", "edge", "colo"), ("asia",))


@pytest.fixture
def held():
    """Not ready by one BLOCK check and one COND check; conditional by the same COND check; one that nothing proves."""
    nau = stored.site(kw=2500, name="Nau", slug="nau", first_blocker="p2-power-headroom")
    stored.result(nau, "p2-power-headroom", "fail")
    stored.result(nau, "p5-fabric-health", "stale", gate="COND")
    stored.result(nau, "p5-goodput", "fail", gate="INFO")
    cor = stored.site("conditional", kw=500, name="Cor", slug="cor")
    stored.result(cor, "p5-fabric-health", "waived", gate="COND")
    stored.site(kw=70, name="Una", slug="una")
    stored.site("ready", kw=900, name="Ria", slug="ria")


@pytest.mark.parametrize(
    ("target", "plan", "beyond"),
    [
        (ClosingTarget.CONDITIONAL, [("nau", ("p2-power-headroom",), 2500)], ["una"]),
        (
            ClosingTarget.READY,
            [("nau", ("p2-power-headroom", "p5-fabric-health"), 2500), ("cor", ("p5-fabric-health",), 3000)],
            ["una"],
        ),
    ],
)
def test_what_is_to_be_resolved_depends_on_the_target(held, target, plan, beyond):
    found = closing.closing(fleet_standing(now=NOW), target=target, measure=CapacityMeasure.POWER)
    assert [(step.site.site, step.site.checks, step.freed_so_far.it_kw) for step in found.plan] == plan
    assert [site.site for site in found.beyond] == beyond


def test_a_check_under_an_exception_is_to_be_resolved_for_ready_alone():
    site = stored.site("conditional", kw=500, name="Cor", slug="cor")
    stored.result(site, "p2-backup-power", "fail")
    known = fleet_standing(now=NOW)
    assert (
        closing.closing(known, target=ClosingTarget.CONDITIONAL, measure=CapacityMeasure.POWER).held_sites
        == ()
    )
    [held] = closing.closing(known, target=ClosingTarget.READY, measure=CapacityMeasure.POWER).held_sites
    assert held.checks == ("p2-backup-power",)
