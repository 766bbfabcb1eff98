"""One move has one price, in the explorer, in a portfolio and in the API, whatever hardware the sites have."""

import random

import pytest

from inventory.models import Site
from readiness.demand.workloads import operations as workloads
from readiness.demand.workloads import queries as envelopes
from readiness.tradeoffs.factors.operations import enter_factors, enter_latencies
from readiness.tradeoffs.placing.core.levers import PlacementQuestion
from readiness.tradeoffs.placing.core.weighing import weigh
from readiness.tradeoffs.placing.facts import read_facts
from readiness.tradeoffs.portfolios import fleet as fleets
from readiness.tradeoffs.portfolios.params import question_of
from tests.inventory import made
from tests.readiness.tradeoffs.conftest import entry, trip
from tests.readiness.tradeoffs.placing.conftest import API, scored

pytestmark = pytest.mark.django_db
SITES, CLASSES = 11, 20
HARDWARE = [
    ("nvidia-h100",),
    ("nvidia-h200",),
    ("nvidia-l4",),
    ("home-made",),
    (),
    ("nvidia-h100", "nvidia-l4"),
]
OBJECTIVES = ("cost", "carbon", "latency", "risk")


@pytest.fixture
def estate(frozen_now, iberia):
    """Eleven sites with hardware, factors and verdicts drawn at random."""
    draw = random.Random(2026)
    kinds = {
        slug: made.device_type(slug=slug, kind="accelerator") for slug in {t for h in HARDWARE for t in h}
    }
    entries, trips = [], []
    for number in range(SITES):
        site = made.site(
            name=f"Site {number:02}", slug=f"site-{number}", country=draw.choice(["PT", "SE", "DE"])
        )
        install(site, HARDWARE[number % len(HARDWARE)], kinds, draw)
        scored(site, draw.choice(["ready", "conditional", "not-ready"]), draw.random(), frozen_now.at)
        known = {
            "electricity_price": (draw.uniform(0.05, 0.3), "EUR/kWh", "EUR"),
            "pue": (draw.uniform(1.1, 1.8), "", ""),
            "carbon_average": (draw.uniform(20, 600), "gCO2e/kWh", ""),
            "accelerator_hour_cost": (draw.uniform(0.5, 4), "EUR/h", "EUR"),
        }
        # One figure of each third site is unknown.
        if number % 3 == 2:
            known.pop(draw.choice(list(known)))
        for kind, (value, unit, currency) in known.items():
            entries.append(entry(kind, value, unit, site=site.slug, currency=currency, line=len(entries)))
        trips.append(
            trip(draw.uniform(1, 90), site=site.slug, user_region="iberia", percentile=99.0, line=len(trips))
        )
    enter_factors(entries=entries, by=None, now=frozen_now.at)
    enter_latencies(entries=trips, by=None, now=frozen_now.at)
    return draw


def install(site, types, kinds, draw):
    for slug in types:
        watts = draw.choice([{}, {"typical_w": draw.uniform(500, 9_000)}])
        node_type = made.device_type(kind="node", attributes=watts, nameplate_w=draw.choice([None, 10_200]))
        node = made.device(site=site, device_type=node_type)
        for _index in range(4):
            made.accelerator(device=node, device_type=kinds[slug])


@pytest.fixture
def classes(estate, planner, iberia, frozen_now):
    for number in range(CLASSES):
        users = [(iberia, 1.0)] if estate.random() < 0.7 else []
        wants = [(None, estate.randrange(1, 90))] if estate.random() < 0.8 else []
        workload = workloads.declare(
            name=f"Class {number:02}", slug=f"class-{number}", accelerators=wants, it_kw=estate.uniform(1, 90),
            users=users, min_verdict="", by=planner, now=frozen_now.at,
        )  # fmt: skip
        for site in estate.sample(range(SITES), estate.randrange(1, 4)):
            workloads.place(
                workload, site=Site.objects.get(slug=f"site-{site}"), on=None, by=planner, now=frozen_now.at
            )
    return [f"class-{number}" for number in range(CLASSES)]


def test_200_moves_have_one_price(classes, api_of, frozen_now):
    now = frozen_now.at
    running = envelopes.running(classes, day=now.date())
    question = question_of(
        {"weights": dict.fromkeys(OBJECTIVES, 1), "points": 1},
        workloads=classes, sites=[f"site-{number}" for number in range(SITES)], running=running,
    )  # fmt: skip
    portfolio, api = fleets.read(question, now=now), api_of("viewer", scope="read")
    compared = 0
    placed, question = envelopes.envelopes(classes), PlacementQuestion(currency="EUR")
    facts = read_facts(placed, now=now)
    for envelope in placed:
        answer = weigh(facts.adapter(envelope, question), question)
        body = {"workload": envelope.slug, "currency": "EUR", "limit": 1000}
        served = {option["site"]: option for option in api.post(API, body).json()["options"]}
        for option in answer.options:
            if option.slug == answer.today[0]:
                continue
            base, compared = answer.base, compared + 1
            priced = portfolio.move(envelope.slug, answer.today[0], option.slug)
            for name, change in priced.changes.items():
                was, comes = base.figures[name].value, option.figures[name].value
                explored = None if was is None or comes is None else comes - was
                assert (name, change) == (name, explored), (envelope.slug, option.slug)
            assert served[option.slug]["changes"] == (dict(option.move.changes) if option.move else None)
            if option.move:
                assert option.move.changes == priced.changes
            row = portfolio.portfolio.workloads.index(envelope.slug)
            column = portfolio.portfolio.sites.index(option.slug)
            stored = portfolio.portfolio.figures[row, column, 0]
            assert (option.figures["cost"].value is None) is bool(stored != stored)
    assert compared >= 200


def test_one_site_without_a_type_leaves_the_others_as_they_are(classes, frozen_now):
    """A new site, of any stage and hardware, changes no figure and no need of the others."""
    running = envelopes.running(classes, day=frozen_now.at.date())

    def read():
        question = question_of({}, workloads=classes, sites=[], running=running)
        found = fleets.read(question, now=frozen_now.at).portfolio
        rows = {site: place for place, site in enumerate(found.sites) if not site.startswith("new")}
        at = list(rows.values())
        return list(rows), found.needs[:, at], found.capacity[at], found.figures[:, at], found.allowed[:, at]

    before = read()
    kind = made.device_type(slug="gb300", kind="accelerator")
    for number, stage in enumerate(("production", "planned", "building", "commissioning")):
        site = made.site(name=f"New {number}", slug=f"new-{number}", country="PT", stage=stage)
        if number % 2 == 0:
            made.accelerator(device=made.device(site=site), device_type=kind)
    frozen_now.move(minutes=1)
    after = read()
    assert before[0] == after[0]
    for was, comes in zip(before[1:], after[1:], strict=True):
        assert ((was == comes) | ((was != was) & (comes != comes))).all()
