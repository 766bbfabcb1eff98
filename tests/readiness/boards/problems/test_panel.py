"""The panel of one problem tells its story: what it affects, who answers, what to do, and what happened."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission

from accounts.models import User
from readiness.assessment.evidence.models import ValidationRun
from readiness.demand.workloads.models import Placement, WorkloadClass
from readiness.loop.problems.models import SiteProblems
from readiness.organisation.people.models import AlertRule, Procedure
from tests.inventory import made
from tests.pages import statements, text_of, words_in
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW
from tests.readiness.boards.problems.told import (
    HOUR,
    address_of,
    check_problem,
    open_reason,
    panel_of,
    problem_of,
    reason_about,
    section_of,
)
from tests.readiness.organisation.people import made as people
from web.audit import AuditEntry, retention

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _judged_now(frozen_now):
    frozen_now.at = NOW


@pytest.fixture
def hamburg():
    site = stored.site(name="Hamburg", slug="ham", owner="Harbour crew")
    SiteProblems.objects.create(site=site, written_at=NOW, kw=412.0)
    return site


@pytest.fixture
def node(hamburg):
    return made.device(site=hamburg, name="gpu-17")


def hot(thing, **given):
    worst = {"metric": "DCGM_FI_DEV_GPU_TEMP", "title": "GPU temperature", "value": 93.0, "unit": "°C"}
    return reason_about(thing, "device", **worst | {"threshold": 90.0} | given)


def slow(thing, **given):
    told = {"metric": "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "title": "GPU is throttled", "value": 8.0}
    return reason_about(thing, "device", **told | {"health": "warn"} | given)


@pytest.fixture
def overheated(hamburg, node):
    return problem_of(hamburg, hot(node))


@pytest.fixture
def ops(client_of):
    return client_of("ops")


def test_it_charts_the_metric_of_the_worst_reason_for_the_object_itself(ops, overheated, node):
    panel = panel_of(ops, overheated)
    assert '<span id="h-problem-chart">GPU temperature</span>' in panel
    assert f"metric=DCGM_FI_DEV_GPU_TEMP&amp;device_id={node.pk}" in panel
    assert f'href="/inventory/devices/{node.pk}/"' in panel


def test_of_several_metrics_it_charts_the_worst_not_the_first_by_name(ops, hamburg, node):
    metrics = ["DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "DCGM_FI_DEV_GPU_TEMP"]
    panel = panel_of(ops, problem_of(hamburg, hot(node), slow(node), metrics=metrics))
    assert "metric=DCGM_FI_DEV_GPU_TEMP&amp;" in panel
    assert "metric=DCGM_FI_DEV_CLOCK_THROTTLE_REASONS" not in panel


@pytest.mark.parametrize(
    ("age", "span"),
    [(HOUR, "6 h"), (10 * HOUR, "24 h"), (4 * DAY, "7 d"), (40 * DAY, "24 h")],
    ids=["an hour", "ten hours", "four days", "longer than any span"],
)
def test_the_span_shows_the_beginning(ops, hamburg, node, age, span):
    panel = panel_of(ops, problem_of(hamburg, hot(node), since=NOW - age))
    [current] = re.findall(r'aria-current="true">([^<]+)</a>', panel)
    assert current == span


def test_it_lists_what_else_is_wrong_with_the_same_object(ops, hamburg, node, overheated):
    assert section_of(panel_of(ops, overheated), "Also wrong") == ""
    open_reason(hamburg, hot(node))
    open_reason(hamburg, slow(node, since=NOW - 2 * DAY))
    open_reason(hamburg, slow(made.device(site=hamburg), title="Fault of another"))
    also = section_of(panel_of(ops, overheated), "Also wrong at gpu-17")
    assert also == "Warn GPU is throttled 8 · since 22 Nov 2026 12:00 UTC"


def test_it_says_what_is_at_stake_and_which_checks_fail_with_it(ops, hamburg, overheated):
    cause = {"cause_kind": "health", "cause_key": overheated.key, "is_cause": False}
    check_problem(hamburg, "p5-accelerator-health", title="Accelerators are well", **cause)
    check_problem(hamburg, "p2-power-headroom", title="Power headroom")
    for name, criticality in (("Batch", "best-effort"), ("Chat", "critical")):
        placed = WorkloadClass.objects.create(name=name, slug=name.lower(), criticality=criticality)
        Placement.objects.create(workload_class=placed, site=hamburg, started_on=NOW.date())
    effect = section_of(panel_of(ops, overheated), "What it affects")
    assert effect.startswith("At stake 412 kW all of Hamburg Workloads Chat critical Batch best effort")
    assert "Accelerators are well" in effect
    assert "Power headroom" not in effect


def test_what_follows_from_a_cause_leads_to_it_and_has_its_checks(ops, hamburg, node, overheated):
    follows = {"cause_kind": "health", "cause_key": overheated.key, "is_cause": False}
    one = problem_of(hamburg, hot(node), key="compute-of-one", **follows)
    check_problem(hamburg, "p5-accelerator-health", title="Accelerators are well", **follows)
    panel = panel_of(ops, one)
    assert f'<a href="?problem=health-ham-{overheated.key}">its cause</a>' in panel
    assert "Accelerators are well" in section_of(panel, "What it affects")


def test_its_history_is_that_of_the_object_not_of_the_domain(ops, hamburg, node, overheated):
    other = made.device(site=hamburg, name="gpu-18")
    ended = {"ended_at": NOW - 3 * DAY, "ended_by": "sample", "since": NOW - 4 * DAY}
    problem_of(hamburg, slow(node, title="Earlier fault"), key="compute-other", **ended)
    problem_of(hamburg, hot(other, title="Fault of another"))
    stored.flip(hamburg, "health", "compute", "critical", reason="gpu-18: GPU temperature")
    history = section_of(panel_of(ops, overheated), "What happened before")
    assert history.startswith("24 Nov 2026 11:00 UTC GPU temperature")
    assert "21 Nov 2026 12:00 UTC Earlier fault ended Samples show that it is well" in history
    assert "20 Nov 2026 12:00 UTC Earlier fault" in history
    assert "another" not in history
    assert "gpu-18" not in history


def test_a_check_has_its_own_flips(ops, hamburg):
    stored.result(hamburg, "p2-power-headroom", "fail")
    stored.flip(hamburg, "check", "p2-power-headroom", "fail", from_state="pass", reason="Peak of 940 kW.")
    stored.flip(hamburg, "check", "p5-fabric-health", "fail", from_state="pass", reason="43 flaps.")
    history = section_of(panel_of(ops, check_problem(hamburg, "p2-power-headroom")), "What happened before")
    assert "Peak of 940 kW." in history
    assert "flaps" not in history


class TestWhoAnswers:
    def test_those_on_call_now_for_its_domain(self, ops, hamburg, overheated):
        for domain, name in (("compute", "Ines Prado"), ("energy", "Emil Noor")):
            people.shift(people.rotation(hamburg, domain=domain), people.person(name=name), now=NOW)
        answers = section_of(panel_of(ops, overheated), "Who answers")
        assert answers.startswith("Compute, on call now Ines Prado, primary until 24 Nov 2026 19:00 UTC")
        assert "Emil" not in answers

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"person": "nobody"}, "Compute Nobody is on call now"),
            ({"person": "left"}, "Compute Nobody is on call now"),
            ({"person": "secondary"}, "secondary until 24 Nov 2026 19:00 UTC nobody is primary"),
            ({"person": None}, "Compute No rotation serves Hamburg"),
        ],
        ids=["a shift of nobody", "whoever is on call has left", "only a secondary", "no rotation"],
    )
    def test_nobody(self, ops, hamburg, overheated, given, words):
        if given["person"]:
            left_at = NOW - DAY if given["person"] == "left" else None
            person = None if given["person"] == "nobody" else people.person(name="Uwe Sand", left_at=left_at)
            level = 2 if given["person"] == "secondary" else 1
            people.shift(people.rotation(hamburg, domain="compute"), person, now=NOW, level=level)
        assert words in section_of(panel_of(ops, overheated), "Who answers")

    def test_viewers_see_no_name(self, client_of, hamburg, overheated):
        people.shift(people.rotation(hamburg, domain="compute"), people.person(name="Ines Prado"), now=NOW)
        answers = section_of(panel_of(client_of("viewer"), overheated), "Who answers")
        assert "somebody, primary until" in answers
        assert "Ines" not in answers


class TestWhatToDo:
    CHECK = "p5-accelerator-health"

    def procedure(self, title, **given):
        steps = "Look at the inlet\nDrain the node"
        columns = {"kind": "runbook", "slug": title.lower(), "check_points": steps, "reviewed_at": NOW - DAY}
        return Procedure.objects.create(title=title, **columns | {"checks": [self.CHECK]} | given)

    def advice(self, client, hamburg, problem):
        cause = {"cause_kind": "health", "cause_key": problem.key, "is_cause": False}
        check_problem(hamburg, self.CHECK, **cause)
        return section_of(panel_of(client, problem), "What to do")

    def test_the_procedure_of_the_site_comes_before_that_of_all_sites(self, ops, hamburg, overheated):
        self.procedure("Everywhere")
        self.procedure("Harbour", site=hamburg)
        self.procedure("Elsewhere", site=made.site())
        words = self.advice(ops, hamburg, overheated)
        assert words.startswith("Harbour Look at the inlet Drain the node")
        assert words.endswith("Runbook, reviewed on 23 Nov 2026")

    def test_a_runbook_of_an_alert_rule_with_its_title(self, ops, hamburg, overheated):
        runbook = self.procedure("Heat", checks=[])
        AlertRule.objects.create(name="gpu temperature", runbook=runbook)
        assert section_of(panel_of(ops, overheated), "What to do").startswith("Heat Look at the inlet")

    def test_an_overdue_review_is_said(self, ops, hamburg, overheated):
        self.procedure("Old", reviewed_at=NOW - 400 * DAY)
        assert "Its review is overdue" in self.advice(ops, hamburg, overheated)

    def test_documents_are_no_procedure(self, ops, hamburg, overheated):
        self.procedure("Drawing", kind="cooling-schematic")
        assert "Drawing" not in self.advice(ops, hamburg, overheated)

    def test_without_a_procedure_it_is_what_the_rule_asks_for(self, ops, overheated):
        words = section_of(panel_of(ops, overheated), "What to do")
        assert words.startswith("Check inlet air, fans or coolant of the node")

    def test_a_code_says_what_to_do(self, ops, hamburg, node):
        code = {"metric": "DCGM_FI_DEV_XID_ERRORS", "title": "XID 48", "value": 48.0, "measure": "changed"}
        words = section_of(
            panel_of(ops, problem_of(hamburg, reason_about(node, "device", **code))), "What to do"
        )
        assert words.startswith("XID 48 critical")


class TestNearItsBeginning:
    def test_runs_and_changes_within_two_hours(self, ops, hamburg, node, overheated, frozen_now):
        run = {"scope": "node", "received_at": NOW, "file_bytes": 1}
        for tool, hours in (("fio", 0.5), ("stream", 5)):
            at = NOW - HOUR - timedelta(hours=hours)
            ValidationRun.objects.create(site=hamburg, tool=tool, taken_at=at, file_sha256=tool, **run)
        ValidationRun.objects.create(
            site=made.site(), tool="hpl", taken_at=NOW - HOUR, file_sha256="hpl", **run
        )
        panel = panel_of(ops, overheated)
        near = re.search(r'<ol class="near".*?</ol>', panel, re.DOTALL)[0]
        assert "fio run" in near
        assert "30 min before it began" in words_in(near)
        assert "STREAM" not in near
        assert "HPL" not in near

    @pytest.fixture(autouse=True)
    def month_of_the_changes(self, overheated):
        retention.make_ready(now=NOW)

    def change(self, table, pk, *, at, **given):
        entry = {"lasts": False, "action": "changed", "username": "jonah"} | given
        return AuditEntry.objects.create(at=at, table=table, object_id=pk, **entry)

    def test_a_change_says_what_it_changed(self, ops, hamburg, node, overheated):
        row = {"id": node.pk, "site_id": hamburg.pk, "name": "gpu-17", "serial": "A1"}
        rows = {"before": row, "after": row | {"serial": "B2"}}
        self.change("inventory_device", node.pk, at=NOW - 2 * HOUR, **rows)
        elsewhere = {"before": None, "after": row | {"site_id": made.site().pk, "name": "far"}}
        self.change("inventory_device", 987, at=NOW - HOUR, **elsewhere | {"action": "created"})
        self.change("inventory_device", node.pk, at=NOW - 4 * HOUR, **rows | {"username": "early"})
        near = words_in(re.search(r'<ol class="near".*?</ol>', panel_of(ops, overheated), re.DOTALL)[0])
        assert near.startswith("1 gpu-17 24 Nov 2026 10:00 UTC · device changed by jonah · serial")
        assert "A1 → B2 · 60 min before it began" in near
        assert "far" not in near
        assert "early" not in near

    def test_an_import_is_one_change(self, ops, hamburg, overheated):
        for number in range(9):
            row = {"site_id": hamburg.pk, "name": f"new-{number}"}
            self.change("inventory_device", 900 + number, at=NOW - HOUR, after=row, action="created")
        near = re.search(r'<ol class="near".*?</ol>', panel_of(ops, overheated), re.DOTALL)[0]
        assert near.count("<li>") == 1
        assert "and others" in near

    def test_without_any_it_says_so(self, ops, overheated):
        assert "No run and no change is recorded within 2 hours of its beginning." in words_in(
            panel_of(ops, overheated)
        )


def test_whoever_may_see_little_is_told_so(client, hamburg, overheated):
    reader = User.objects.create(username="reader")
    allowed = Permission.objects.filter(codename__in=["view_site", "view_sitescore"])
    reader.user_permissions.set(allowed)
    client.force_login(reader)
    words = words_in(panel_of(client, overheated))
    for sentence in (
        "You may not see samples, so there is no chart.",
        "No change is recorded within 2 hours of its beginning.",
        "You may not see who is on call.",
        "You may not see owners.",
        "0; you may not see which",
    ):
        assert sentence in words
    chart = address_of(overheated).replace("/problems/", "/problems/charts/figure.json")
    assert client.get(chart).status_code == 403


def test_an_end_is_said_with_when_and_how(ops, hamburg, node):
    ended = problem_of(hamburg, hot(node), since=NOW - 5 * HOUR, ended_at=NOW - HOUR, ended_by="object-gone")
    words = words_in(panel_of(ops, ended))
    assert "Solved was Critical" in words
    assert "Its object left service: it ended on 24 Nov 2026 11:00 UTC after 4 h." in words


def test_an_open_problem_comes_before_an_ended_one_with_its_id(ops, hamburg, node, overheated):
    problem_of(hamburg, hot(node), ended_at=NOW - DAY, ended_by="sample", since=NOW - 2 * DAY)
    assert "Solved" not in words_in(panel_of(ops, overheated))


def test_an_unknown_problem_is_said_so(ops, hamburg):
    page = words_in(text_of(ops.get("/problems/?problem=health-ham-compute-device-987")))
    assert "There is no such problem among the sites that you see." in page


def test_the_panel_costs_the_same_however_much_there_is(ops, hamburg, node, overheated):
    def cost():
        return statements(ops, address_of(overheated))

    few = cost()
    rotation = people.rotation(hamburg, domain="compute")
    for number in range(12):
        cause = {"cause_kind": "health", "cause_key": overheated.key, "is_cause": False}
        check_problem(hamburg, f"p5-{number}", **cause)
        ended = {"ended_at": NOW - DAY, "ended_by": "sample", "since": NOW - 2 * DAY}
        problem_of(hamburg, slow(node), key=f"compute-earlier-{number}", **ended)
        people.shift(rotation, people.person(), now=NOW, starts_at=NOW - HOUR * (number + 1))
        placed = WorkloadClass.objects.create(name=f"Class {number}", slug=f"class-{number}")
        Placement.objects.create(workload_class=placed, site=hamburg, started_on=NOW.date())
    assert cost() <= few + 1
    assert few <= 60
