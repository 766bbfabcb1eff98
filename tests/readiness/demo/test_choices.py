"""Every workload class of the demo has a choice: sites that may hold it, and others kept out for several reasons."""

import pytest

from inventory.models import Site
from readiness.assessment.framework import queries as framework
from readiness.assessment.scoring.models import SiteScore
from readiness.demand.workloads import queries as workloads
from readiness.demand.workloads.models import WorkloadClass
from readiness.demo.operations.factors import load_published
from readiness.tradeoffs.factors.operations import enter_factors, enter_latencies
from readiness.tradeoffs.factors.queries import factors_of
from readiness.tradeoffs.placing.core.levers import PlacementQuestion
from readiness.tradeoffs.placing.core.weighing import weigh
from readiness.tradeoffs.placing.facts import read_facts
from tests.conftest import NOW
from tests.readiness.demo.scenes import demo_inventory
from tests.readiness.tradeoffs.conftest import entry, trip

pytestmark = [pytest.mark.django_db, pytest.mark.full]
# Verdicts as docs/guides/demo.md has them; the others are not ready.
VERDICTS = {
    **dict.fromkeys(("ASH-1", "TYO-1", "FRA-1", "PAR-1", "ZRH-1", "WAW-1"), "ready"),
    **dict.fromkeys(("SIN-1", "SEL-1", "OSA-1", "GRU-1", "MRS-1", "DSM-1", "DUB-1"), "conditional"),
}
# IT power that a loaded demo has left, kW, at the sites where it is scarce; enough elsewhere.
LEFT_KW = {
    "MRS-1": 7,
    "OSA-1": 7,
    "ZRH-1": 4,
    "GRU-1": 14,
    "DUB-1": 13,
    "PAR-1": 17,
    "ASH-1": 29,
    "FRA-1": 44,
}


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker):
    """By class: what is answered to its envelope as it stands."""
    with django_db_blocker.unblock(), django_db_setup.on(demo_inventory, commits=False):
        load_published(by=None, now=NOW)
        _standing()
        classes = workloads.envelopes(WorkloadClass.objects.values_list("slug", flat=True))
        facts, question = read_facts(classes, now=NOW), PlacementQuestion()
        yield {one.slug: weigh(facts.adapter(one, question), question) for one in classes}


def _standing():
    """Verdicts, headroom and probes, in place of the history that would have come to them."""
    version, sites = framework.current()[0], Site.objects.exclude(name="OSL-1").order_by("name")
    SiteScore.objects.bulk_create(
        SiteScore(
            site=site, verdict=VERDICTS.get(site.name, "not-ready"), verdict_since=NOW, evaluated_at=NOW,
            framework_version=version, pillars={},
            score=0.95 if site.name in VERDICTS else 0.75, score_upper=0.95 if site.name in VERDICTS else 0.75,
        )
        for site in sites
    )  # fmt: skip
    headroom = [
        entry("power_headroom_kw", LEFT_KW.get(site.name, 150), "kW", site=site.slug, line=line)
        for line, site in enumerate(sites, start=1)
    ]
    enter_factors(entries=headroom, by=None, now=NOW)
    # Probes come to what is published or estimated.
    probed = [
        (site.slug, region, known.best.value)
        for site in factors_of(None, NOW)
        for region, known in site.latency.items()
        if known.best and not any(one.percentile == 99 for one in known.values)
    ]
    trips = [
        trip(value, site=slug, user_region=region, percentile=99.0, line=line)
        for line, (slug, region, value) in enumerate(probed, start=1)
    ]
    enter_latencies(entries=trips, by=None, now=NOW)


def test_every_class_has_two_sites_to_choose_from_at_least(answers):
    """Training has one: its other sites are not ready, which it does not accept."""
    training = answers["foundation-training"]
    assert [option.slug for option in training.feasible] == ["dsm-1"]
    assert {option.slug for option in training.kept_out if len(option.reasons) == 1} >= {"phx-1", "sat-1"}
    answers = {slug: answer for slug, answer in answers.items() if answer is not training}
    assert {slug: len(found.feasible) for slug, found in answers.items() if len(found.feasible) < 2} == {}


def test_other_sites_are_kept_out_for_reasons_of_several_kinds(answers):
    kinds = {
        slug: {reason.limit for one in found.options if not one.feasible for reason in one.reasons}
        for slug, found in answers.items()
    }
    assert {slug: found for slug, found in kinds.items() if len(found) < 4} == {}
    assert set().union(*kinds.values()) >= {
        *("latency", "country", "accelerators", "power", "verdict", "unit-cost", "jurisdiction"),
        "carbon",
    }


def test_no_class_is_advised_to_pay_more_for_what_it_has_already(answers):
    """Tokyo is nearer to Japan's users than Osaka, and dearer; both keep the limit of 20 ms."""
    osaka = answers["vision-edge-osaka"]
    tokyo = next(one for one in osaka.options if one.name == "TYO-1")
    assert osaka.best.name == "OSA-1"
    assert tokyo.feasible
    assert tokyo.step.price > 0
    assert [one.name for one, _gain, _unit in tokyo.step.gains] == ["latency", "carbon"]
    assert tokyo.step.words.endswith("below limits already met")
    # One of Tokyo's does what eight of Osaka's do.
    assert (tokyo.accelerators.count, tokyo.accelerators.needed) == (1, 8)
    for found in answers.values():
        if found.base is not None and found.base.feasible:
            assert found.best.step is None
