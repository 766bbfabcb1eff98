"""The loop between operations and planning: seen on a chart, answered, mended by a threshold, and failing again."""

import re

import pytest
from playwright.sync_api import expect

from inventory.models import Site
from readiness.assessment.evidence.operations import record_fact
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.loop.findings.proving import CHECK as LOOP
from readiness.loop.findings.settling import settle

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
CHECK, PART = "p4-standard-interfaces", "devices-conforming"


def judge(site, now, **values):
    for name, value in values.items():
        check, part = (CHECK, PART) if name == "conforming" else (LOOP, name.replace("_", "-"))
        day = now.date()
        record_fact(
            site=site, check=check, part=part, value=value, taken_on=day, source="log", by=None, now=now
        )
    evaluate(site_ids=[site.pk], now=now)
    return {
        check: CheckResult.objects.get(site=site, check_id=check).measured_state for check in (CHECK, LOOP)
    }


def choose(page, name, value):
    """A long select is hidden behind a search."""
    page.locator(f"[name={name}]").select_option(value, force=True)


def publish_lower_threshold(planner, manager):
    page = planner.open("/readiness/framework/")
    page.get_by_role("link", name="New draft").click()
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/readiness/framework/\d+/"))
    version = re.search(r"/framework/(\d+)/", page.url)[1]
    page = planner.open(f"/readiness/framework/{version}/checks/{CHECK}/{PART}/edit/")
    for threshold, figure in (("pass", "60"), ("warn", "50")):
        page.locator(f"[name={threshold}_value]").fill(figure)
        choose(page, f"{threshold}_source", "OD")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()
    assert page.locator(".errors, .form-errors").all_inner_texts() == []
    page.wait_for_url(lambda url: not url.endswith("/edit/"))
    page = planner.open(f"/readiness/framework/{version}/dry-run/")
    page.get_by_role("button", name="Run dry-run").click()
    expect(page.get_by_role("region", name="Checks that move, scrolls sideways")).to_contain_text("Pass")
    page = manager.open(f"/readiness/framework/{version}/dry-run/")
    page.get_by_role("button", name="Publish", exact=True).first.click()
    page.locator("dialog[open] button[type=submit]").last.click()
    page.wait_for_url(re.compile(rf"/framework/{version}/$"))


def test_a_finding_from_a_point_of_a_chart_closes_by_itself_and_opens_again(as_role, small_fleet, frozen_now):
    porto = Site.objects.get(slug="porto")
    before = judge(porto, frozen_now.at, conforming=70, review_held=1, decision_days=80, revisions_citing=60)
    assert before == {CHECK: "fail", LOOP: "fail"}

    ops = as_role("ops")
    page = ops.open("/sites/porto/")
    page.locator("#series").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#series').dataset.drawn === '1'")
    box = page.locator("#series .nsewdrag").first.bounding_box()
    line = page.locator("[data-chart-point=series]")
    for share in (0.995, 0.99, 0.98, 0.97):
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        if line.is_visible():
            break
    value = line.locator("span").inner_text()
    line.get_by_role("link", name="Raise a finding").click()
    expect(page.get_by_role("heading", name="What you saw")).to_be_visible()
    assert value.partition(":")[0] in page.locator("main").inner_text()
    page.get_by_label("Finding", exact=True).fill("The devices of two vendors differ from the plan")
    page.get_by_label("Description").fill("The plan asks for 95 %.")
    choose(page, "check_id", CHECK)
    page.get_by_role("button", name="Raise a finding").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "The devices of two vendors differ from the plan"
    )
    address = page.url

    planner, manager = as_role("planner"), as_role("manager")
    page = planner.open("/inbox/")
    page.get_by_role("link", name=re.compile("The devices of two vendors")).first.click()
    page.get_by_role("link", name="Accept").click()
    page.get_by_label("Reason, and what you will do").fill("The threshold is ours to change.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main .pill").first).to_have_text("Accepted")
    publish_lower_threshold(planner, manager)

    frozen_now.move(minutes=1)
    evaluate(site_ids=[porto.pk], now=frozen_now.at)
    states = dict(CheckResult.objects.filter(site=porto).values_list("check_id", "measured_state"))
    assert {check: states[check] for check in (CHECK, LOOP)} == {CHECK: "pass", LOOP: "pass"}
    assert len(settle(now=frozen_now.at)) == 1
    page = ops.open(address.partition("/findings/")[1] + address.partition("/findings/")[2])
    expect(page.locator("main .pill").first).to_have_text("Closed")

    frozen_now.move(days=60)
    assert judge(porto, frozen_now.at, conforming=40)[CHECK] == "fail"
    settle(now=frozen_now.at)
    expect_again = planner.open(address.partition("/findings/")[1] + address.partition("/findings/")[2])
    expect(expect_again.locator("main .pill").first).to_have_text("Opened again")
    assert [*ops.refusals, *planner.refusals, *manager.refusals] == []
