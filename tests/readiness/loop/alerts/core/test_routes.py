"""Whom the levels of a route go to, and which route is the nearest."""

from datetime import timedelta

import pytest

from readiness.loop.alerts.core.kinds import AlertKind, AlertSeverity
from readiness.loop.alerts.core.routes import (
    OWNER_ROUTE,
    SHIPPED_ROUTE,
    EscalationTarget,
    NotTold,
    Recipient,
    Recipients,
    Whom,
    levels_of,
    nearest_route,
    route_for,
)

ANA, RUI, EVA = (Recipient(user_id=number, role="") for number in (1, 2, 3))
NOBODY = Recipient(role="", lack=NotTold.NO_ACCOUNT)
PRIMARY, SECONDARY, OWNER = (Whom(EscalationTarget(name)) for name in ("primary", "secondary", "owner"))


@pytest.mark.parametrize(
    ("people", "levels"),
    [
        pytest.param(
            {PRIMARY: [ANA], SECONDARY: [RUI], OWNER: [EVA]},
            [(0, [ANA]), (10, [RUI]), (20, [EVA])],
            id="each",
        ),
        pytest.param({SECONDARY: [RUI], OWNER: [EVA]}, [(0, [RUI]), (20, [EVA])], id="no primary"),
        pytest.param({OWNER: [EVA]}, [(0, [EVA])], id="nobody on call"),
        pytest.param({PRIMARY: [ANA]}, [(0, [ANA])], id="nobody else"),
        pytest.param({PRIMARY: [ANA], OWNER: [ANA]}, [(0, [ANA])], id="the owner is on call"),
        pytest.param(
            {PRIMARY: [NOBODY], SECONDARY: [RUI]}, [(0, [NOBODY, RUI])], id="the primary cannot be told"
        ),
        pytest.param({PRIMARY: [NOBODY]}, [(0, [NOBODY, NOBODY])], id="nobody can be told"),
        pytest.param({}, [(0, [])], id="nobody at all"),
    ],
)
def test_levels(people, levels):
    of_route = levels_of(SHIPPED_ROUTE, people)
    told = [(level.after / timedelta(minutes=1), list(level.recipients)) for level in of_route]
    assert [(after, _once(each)) for after, each in told] == [(after, _once(each)) for after, each in levels]


def _once(recipients):
    return list(dict.fromkeys(recipients))


def test_keys_are_those_who_have_to_act():
    levels = levels_of(SHIPPED_ROUTE, {PRIMARY: [ANA, NOBODY]})
    assert Recipients(levels, subscribers=(EVA,)).keys == {"user:1"}


@pytest.mark.parametrize(
    ("kind", "severity", "levels"),
    [
        (AlertKind.HEALTH, AlertSeverity.CRITICAL, SHIPPED_ROUTE),
        (AlertKind.HEALTH, AlertSeverity.WARNING, SHIPPED_ROUTE[:1]),
        (AlertKind.WAIVER, AlertSeverity.WARNING, OWNER_ROUTE),
        (AlertKind.CERTIFICATE, AlertSeverity.ERROR, OWNER_ROUTE),
        (AlertKind.CERTIFICATE, AlertSeverity.CRITICAL, SHIPPED_ROUTE),
    ],
)
def test_what_is_not_urgent_goes_to_one_level(kind, severity, levels):
    assert route_for(kind, severity, SHIPPED_ROUTE) == levels


@pytest.mark.parametrize(
    ("without", "nearest"),
    [
        ([], "site and domain"),
        (["site and domain"], "site"),
        (["site and domain", "site"], "region and domain"),
        (["site and domain", "site", "region and domain"], "all"),
    ],
)
def test_the_nearest_home_and_the_domain_within_it(without, nearest):
    routes = {
        ("site", 1, "compute"): "site and domain",
        ("site", 1, ""): "site",
        ("region", 2, "compute"): "region and domain",
        ("", None, ""): "all",
    }
    left = {key: route for key, route in routes.items() if route not in without}
    assert nearest_route(left, site_id=1, region_ids=(4, 2), domain="compute") == nearest
    assert nearest_route(left, site_id=5, region_ids=(6,), domain="compute") == "all"
