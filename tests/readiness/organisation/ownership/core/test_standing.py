"""What terms come to: a table of one item, and shares of a site."""

from datetime import UTC, datetime, timedelta

import pytest

from readiness.organisation.ownership.core.standing import (
    CONFIRM_EVERY,
    Item,
    ItemStanding,
    Term,
    assets_owned,
    item_of,
    items_owned,
    standing_of,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def term(item=Item.COMPUTE, number=1, **given):
    return Term(**{"id": number, "item": item, "confirmed_at": NOW - 10 * DAY} | given)


@pytest.mark.parametrize(
    ("one", "standing"),
    [
        pytest.param(term(), "owned", id="accepted in time with a deputy"),
        pytest.param(None, "unowned", id="nobody"),
        pytest.param(term(has_deputy=False), "no-deputy", id="nobody stands in"),
        pytest.param(term(is_unanswered=True), "unanswered", id="unanswered"),
        pytest.param(term(confirmed_at=NOW - CONFIRM_EVERY), "overdue", id="out at that instant"),
        pytest.param(
            term(confirmed_at=NOW - CONFIRM_EVERY + timedelta(microseconds=1)), "owned", id="just not out"
        ),
    ],
)
def test_one_item(one, standing):
    assert standing_of(one, now=NOW) == standing


def test_a_site_is_owned_as_far_as_its_seven_items_are():
    terms = [term(item, number, confirmed_at=NOW - number * DAY) for number, item in enumerate(Item, start=1)]
    whole = items_owned(terms, now=NOW)
    assert (whole.percent, whole.since, whole.term_id, whole.missing) == (100, NOW - 7 * DAY, 7, ())
    less = items_owned([*terms[:-1], term(Item.ENERGY, 7, is_unanswered=True)], now=NOW)
    assert (round(less.percent, 2), less.since) == (85.71, NOW - 6 * DAY)
    assert less.missing == ((Item.ENERGY, ItemStanding.UNANSWERED),)
    none = items_owned([], now=NOW)
    assert (none.percent, none.since, none.term_id, len(none.missing)) == (0, None, None, 7)


@pytest.mark.parametrize(
    ("terms", "percent", "missing"),
    [
        pytest.param([], 0, ["compute", "energy"], id="nobody"),
        pytest.param([term()], 90, ["energy"], id="by assets, not by domains"),
        pytest.param([term(has_deputy=False), term(Item.ENERGY)], 100, [], id="a deputy is not asked for"),
        pytest.param(
            [term(has_escalation=False), term(Item.ENERGY)], 10, ["compute"], id="no escalation route"
        ),
        pytest.param([term(has_team=False), term(Item.ENERGY)], 10, ["compute"], id="the team is dissolved"),
        pytest.param([term(is_unanswered=True)], 0, ["compute", "energy"], id="the owner cannot answer"),
        pytest.param([term(Item.ORCHESTRATION)], 0, ["compute", "energy"], id="orchestration owns no asset"),
    ],
)
def test_assets_are_owned_by_domain(terms, percent, missing):
    found = assets_owned(terms, {"compute": 90, "energy": 10}, now=NOW)
    assert (found.percent, [item for item, _ in found.missing]) == (percent, missing)


def test_without_assets_there_is_no_share():
    assert assets_owned([term()], {}, now=NOW) is None


@pytest.mark.parametrize(
    ("domains", "item"),
    [
        (("energy",), Item.ENERGY),
        (("compute", "governance"), Item.COMPUTE),
        (("network", "compute"), Item.COMPUTE_NETWORK),
        (("compute", "network", "energy"), Item.ORCHESTRATION),
        (("people",), Item.ORCHESTRATION),
        ((), Item.ORCHESTRATION),
    ],
)
def test_a_check_belongs_to_the_item_of_its_domains(domains, item):
    assert item_of(domains) is item
