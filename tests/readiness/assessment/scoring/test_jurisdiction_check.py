"""p2-placement-jurisdiction, worked out of envelopes, origins, bases on record and the rules in force."""

from datetime import date

import pytest

from inventory.models import SiteChange
from readiness.assessment.evidence.operations import record_fact
from readiness.assessment.scoring.models import CheckResult
from readiness.assessment.scoring.operations import evaluate
from readiness.demand.jurisdiction import operations as rules
from readiness.demand.jurisdiction import queries
from readiness.demand.jurisdiction.models import DataOrigin, HeldBasis
from readiness.demand.workloads import operations
from tests.inventory import made

pytestmark = pytest.mark.django_db
CHECK, OUTSIDE, TRANSFERS = "p2-placement-jurisdiction", "placements-outside", "transfers-without-basis"


@pytest.fixture
def dallas(frozen_now):
    return made.site(name="Dallas", slug="dallas", country="US", profiles=["inference"])


@pytest.fixture
def chat(dallas, planner, frozen_now):
    """Personal data, declared for the United States and the EEA, placed in Dallas."""
    found = operations.declare(
        name="Chat",
        slug="chat",
        allowed_jurisdictions=["US", "EEA"],
        data_categories=["personal"],
        declared_on=date(2026, 11, 1),
        by=planner,
        now=frozen_now.at,
    )
    operations.place(found, site=dallas, on=date(2026, 11, 1), by=planner, now=frozen_now.at)
    return found


@pytest.fixture
def from_germany(chat):
    return DataOrigin.objects.create(workload_class=chat, country="DE")


@pytest.fixture
def judged(dallas, frozen_now):
    """A sub-measure after an evaluation now."""

    def look(part):
        frozen_now.move(seconds=1)
        evaluate(site_ids=[dallas.pk], now=frozen_now.at)
        result = CheckResult.objects.get(site=dallas, check_id=CHECK)
        return next(one for one in result.parts if one["part"] == part)

    return look


def told(part):
    return part["state"], part["value"], part["evidence"]


def test_a_placement_inside_its_lists_passes_and_one_outside_fails(chat, judged, planner, frozen_now):
    assert told(judged(OUTSIDE)) == ("pass", 0, "placements:dallas")
    operations.change(chat, allowed_jurisdictions=["EEA"], by=planner, now=frozen_now.at)
    part = judged(OUTSIDE)
    assert told(part) == ("fail", 1, "placements:dallas")
    assert "Chat is not allowed in US" in part["detail"]


def test_what_is_forbidden_goes_before_what_is_allowed(chat, judged, planner, frozen_now):
    operations.change(
        chat, allowed_jurisdictions=["WORLD"], forbidden_jurisdictions=["US"], by=planner, now=frozen_now.at
    )
    assert judged(OUTSIDE)["state"] == "fail"


def test_a_transfer_needs_a_basis_that_is_on_record_for_the_place_and_the_day(
    chat, from_germany, judged, frozen_now
):
    part = judged(TRANSFERS)
    assert told(part) == ("fail", 1, "placements:dallas")
    assert "DE to US, by muster-rules-1: needs-basis (adequacy-united-states)" in part["detail"]
    held = HeldBasis.objects.create(
        workload_class=chat, basis="gdpr-scc", destination="CA", held_from=date(2026, 1, 1), reference="C-1"
    )
    assert judged(TRANSFERS)["state"] == "fail"
    HeldBasis.objects.filter(pk=held.pk).update(destination="US", held_until=date(2026, 11, 23))
    assert judged(TRANSFERS)["state"] == "fail"
    HeldBasis.objects.filter(pk=held.pk).update(held_until=None)
    assert told(judged(TRANSFERS)) == ("pass", 0, "placements:dallas")


def test_data_of_elsewhere_is_no_transfer_out_of_the_eea(chat, judged):
    DataOrigin.objects.create(workload_class=chat, country="US")
    assert told(judged(TRANSFERS)) == ("pass", 0, "placements:dallas")


def test_inside_the_eea_nothing_leaves_it(dallas, chat, judged):
    type(dallas).objects.update(country="IE")
    assert told(judged(TRANSFERS)) == ("pass", 0, "placements:dallas")


def test_what_nobody_declared_leaves_the_word_to_what_is_recorded(dallas, chat, judged, frozen_now):
    assert judged(TRANSFERS)["state"] == "unknown"
    record_fact(
        site=dallas, check=CHECK, part=TRANSFERS, value=0, taken_on=frozen_now.at.date(), source="register",
        by=None, now=frozen_now.at,
    )  # fmt: skip
    part = judged(TRANSFERS)
    assert (part["state"], part["evidence"].startswith("fact:")) == ("pass", True)


def test_what_is_recorded_yields_to_what_the_rules_say(dallas, chat, from_germany, judged, frozen_now):
    record_fact(
        site=dallas, check=CHECK, part=TRANSFERS, value=0, taken_on=frozen_now.at.date(), source="register",
        by=None, now=frozen_now.at,
    )  # fmt: skip
    part = judged(TRANSFERS)
    assert told(part) == ("fail", 1, "placements:dallas")


def test_what_the_rules_cannot_decide_is_unknown_and_never_passes(
    chat, from_germany, judged, planner, manager, frozen_now
):
    draft = rules.make_draft(made_from=queries.in_force(), by=planner, now=frozen_now.at)
    rules.edit(
        draft,
        lambda was: {**was, "rules": [{**one, "checked_on": None} for one in was["rules"]]},
        revision=1,
        by=planner,
        now=frozen_now.at,
    )
    draft.refresh_from_db()
    rules.publish(draft, digest=draft.digest, by=manager, now=frozen_now.at)
    DataOrigin.objects.create(workload_class=chat, country="US")
    part = judged(TRANSFERS)
    assert part["state"] == "unknown"


def test_without_rules_in_force_the_lists_still_count(chat, from_germany, judged, manager, frozen_now):
    rules.withdraw(queries.in_force(), by=manager, now=frozen_now.at)
    assert (judged(OUTSIDE)["state"], judged(TRANSFERS)["state"]) == ("pass", "unknown")


def test_a_kind_of_data_that_the_rules_do_not_know_is_not_passed_over(
    chat, from_germany, judged, planner, manager, frozen_now
):
    draft = rules.make_draft(made_from=queries.in_force(), by=planner, now=frozen_now.at)
    known = [{"id": "public", "name": "Public data"}]
    rules.edit(
        draft,
        lambda was: {
            **was,
            "categories": known,
            "rules": [{**was["rules"][0], "categories": ["public"], "instead_of": []}],
        },
        revision=1,
        by=planner,
        now=frozen_now.at,
    )
    draft.refresh_from_db()
    rules.publish(draft, digest=draft.digest, by=manager, now=frozen_now.at)
    assert judged(TRANSFERS)["state"] == "unknown"


def test_what_was_known_of_one_class_says_nothing_of_another(dallas, chat, judged, planner, frozen_now):
    bare = operations.declare(
        name="Bare", slug="bare", cost_ceiling=1.0, cost_currency="EUR", cost_unit="month",
        declared_on=date(2026, 11, 1), by=planner, now=frozen_now.at,
    )  # fmt: skip
    operations.place(bare, site=dallas, on=date(2026, 11, 1), by=planner, now=frozen_now.at)
    part = judged(OUTSIDE)
    assert (part["state"], "Bare declares no allowed jurisdictions" in part["reason"]) == ("unknown", True)
    dallas.placements.filter(workload_class=chat).delete()
    assert judged(OUTSIDE)["state"] == "unknown"


def test_an_origin_and_a_basis_claim_the_sites_of_their_class(dallas, chat):
    SiteChange.objects.all().delete()
    origin = DataOrigin.objects.create(workload_class=chat, country="DE")
    HeldBasis.objects.create(
        workload_class=chat, basis="gdpr-scc", held_from=date(2026, 1, 1), reference="C-1"
    )
    origin.delete()
    assert [one.site for one in SiteChange.objects.all()] == [dallas] * 3
