"""A class is placed again only at sites of which something that counts is another one."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta

import pytest

from readiness.demand.workloads.core.envelope import Envelope
from readiness.tradeoffs.factors.core.factors import Factor, KnownValue, Rates, SiteFactors, ValueBasis
from readiness.tradeoffs.moves.options import CarbonKind
from readiness.tradeoffs.placing import facts
from readiness.tradeoffs.placing import queries as feasibility_module
from readiness.tradeoffs.placing.core.candidates import Adapter, limits_of
from readiness.tradeoffs.placing.core.law import Laws
from readiness.tradeoffs.placing.core.levers import WhatIf
from readiness.tradeoffs.placing.core.placement import Feasibility
from readiness.tradeoffs.placing.queries import ClassAtSites, feasibilities, sign_of
from tests.cases import cases

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY, NO_RATES = AT.date(), Rates()
TOLD_ONLY = {
    # Of a site: its id, names that are shown, what its standing has already, and ways to other sites.
    SiteFactors: {
        "site_id",
        "name",
        "region",
        "score",
        "accelerators",
        "power",
        "factors",
        "latency",
        "between",
    },
    facts.StoredScore: {"verdict", "evaluated_at", "weakest", "weakest_score"},
    # Of a value: where it comes from, since when and how surely.
    KnownValue: {
        "basis",
        "provenance",
        "source",
        "as_of",
        "coverage",
        "detail",
        "caution",
        "as_of_on",
        "until_on",
    },
}


def value(number, **more):
    given = {
        "unit": "kW",
        "basis": ValueBasis.DECLARED,
        "provenance": "declared",
        "source": "contract",
        "as_of": AT,
    }
    return KnownValue(value=number, **given | more)


def site(slug, headroom_kw, **more):
    factors = {
        "pue": Factor("pue", (value(1.0, unit=""),)),
        "power_headroom_kw": Factor("power_headroom_kw", (headroom_kw,)),
    }
    given = {"country": "PT", "region": "South", "stage": "production", "verdict": "ready", "score": 0.9}
    return SiteFactors(
        **{"site_id": 1, "slug": slug, "name": slug, "accelerators": {}, "factors": factors} | given | more
    )


class Counting(Adapter):
    """Says which sites it made candidates of."""

    def candidate(self, site):
        self.made.append(site.slug)
        return super().candidate(site)


@pytest.fixture
def look(request):
    """`look(site, site)`: standings of the class at these, and the slugs of those where it was placed again."""
    envelope = Envelope(slug=request.node.name, name="Pay", it_kw=10.0)

    def standing(*sites, at=AT, homes=(), rates=NO_RATES, envelope=envelope, on=TODAY):
        known = facts.FleetFacts(at, sites, {}, rates, "")
        adapter = Counting(
            envelope=envelope, what_if=WhatIf(), currency="EUR", carbon=CarbonKind.AVERAGE,
            facts=known, inputs=facts.inputs_of(known, "EUR", CarbonKind.AVERAGE),
            laws=Laws(envelope, None, on), today=tuple(homes), at=at,
        )  # fmt: skip
        object.__setattr__(adapter, "made", [])
        found = feasibilities([ClassAtSites(adapter, limits_of(envelope, "EUR", rates), "", on)])
        return found[0], adapter.made

    return standing


def test_only_the_site_that_moved_is_placed_again(look):
    porto, lagos = site("porto", value(50)), site("lagos", value(50))
    found, made = look(porto, lagos)
    assert (set(found.values()), made) == ({Feasibility.FEASIBLE}, ["porto", "lagos"])
    found, made = look(porto, site("lagos", value(5)))
    assert (found, made) == ({"porto": Feasibility.FEASIBLE, "lagos": Feasibility.REJECTED}, ["lagos"])


def test_what_was_read_again_and_says_the_same_is_not_placed_again(look):
    look(site("porto", value(50)))
    later = value(50, as_of=AT + timedelta(minutes=1), source="telemetry", detail="meter 3")
    assert look(site("porto", later), at=AT + timedelta(minutes=1)) == ({"porto": Feasibility.FEASIBLE}, [])


@cases(
    "changed",
    {
        "its verdict": {"verdict": "not-ready"},
        "its country": {"country": "NO"},
        "who controls its operator": {"operator_country": "US"},
        "its accelerators": {"accelerators": {"h100": 8}},
        "a round trip": {"latency": {"emea": Factor("latency", (value(9, unit="ms"),))}},
        "another source": {"factors": {"pue": Factor("pue", (value(1.2), value(1.0)))}},
        "a band": {"factors": {"pue": Factor("pue", (value(1.0, low=0.9),))}},
    },
)
def test_whatever_counts_of_a_site_places_it_again(look, changed):
    look(site("porto", value(50)))
    assert look(site("porto", value(50), **changed))[1] == ["porto"]


@cases(
    "asked",
    {
        "where it runs": {"homes": ["porto"]},
        "its envelope": {"envelope": Envelope(slug="pay", it_kw=60.0)},
        "another day, for rules begin and end on days": {"on": date(2026, 11, 26)},
        "a rate": {"rates": Rates((object(),))},
    },
)
def test_whatever_counts_of_the_class_places_it_everywhere_again(look, asked):
    sites = site("porto", value(50)), site("lagos", value(50))
    look(*sites)
    assert look(*sites, **asked)[1] == ["porto", "lagos"]


def test_a_site_that_left_service_has_no_standing(look):
    look(site("porto", value(50)))
    assert look(site("porto", value(50), stage="retired")) == ({}, [])


def test_a_score_counts():
    porto = site("porto", value(50))
    signs = [
        sign_of(
            porto,
            facts.FleetFacts(AT, (porto,), {"porto": facts.StoredScore("ready", *score, AT)}, NO_RATES, ""),
        )
        for score in ((0.9, 0.9), (0.8, 0.9), (0.8, 0.95))
    ]
    assert len(set(signs)) == 3


@pytest.mark.parametrize(
    ("of", "counted"),
    [
        (SiteFactors, feasibility_module.OF_SITE),
        (facts.StoredScore, feasibility_module.OF_SCORE),
        (KnownValue, feasibility_module.OF_VALUE),
    ],
)
def test_every_field_counts_or_is_known_to_be_told_only(of, counted):
    """A new field of these has to be put on one side: one that counts and is left out would give stale answers."""
    assert {*counted, *TOLD_ONLY[of]} == {each.name for each in fields(of)}
