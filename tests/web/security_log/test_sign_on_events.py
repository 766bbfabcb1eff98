"""Changes of second factors, identities at the provider and group rules leave an event each."""

import pytest

from accounts import codes
from accounts.models import GroupRule, RecoveryCode, SecondFactor
from accounts.sign_on import Claims, sign_on
from tests.conftest import NOW
from web.accounts import factors
from web.security_log.models import SecurityEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_now")]
ACTION = SecurityEvent.Action


def events(*actions):
    return list(SecurityEvent.objects.filter(action__in=actions).order_by("pk"))


def test_second_factors_and_recovery_codes_are_events(settings, user_of, admin):
    settings.DELIVERY_KEYS = ["k" * 40]
    ops, secret = user_of("ops"), factors.new_secret()
    code = codes.code_of(secret, codes.step_of(NOW))
    added = factors.add_app(ops, secret=secret, code=code, now=NOW)
    assert factors.takes_code(ops, added.recovery_codes[0], now=NOW)
    factors.remove_all_factors(ops, by=admin, now=NOW)
    of_factors = events(ACTION.FACTOR_ADDED, ACTION.CODES_MADE, ACTION.CODE_USED, ACTION.FACTOR_REMOVED)
    assert [(event.action, event.account, event.detail) for event in of_factors] == [
        (ACTION.FACTOR_ADDED, ops, {"factor": "Authenticator app"}),
        (ACTION.CODES_MADE, ops, {"codes": 10}),
        (ACTION.CODE_USED, ops, {}),
        (ACTION.FACTOR_REMOVED, ops, {"factor": "Authenticator app"}),
    ]


def test_a_factor_that_sql_puts_in_place_of_another_is_an_event(settings, user_of):
    settings.DELIVERY_KEYS = ["k" * 40]
    ops, planner, secret = user_of("ops"), user_of("planner"), factors.new_secret()
    factors.add_app(ops, secret=secret, code=codes.code_of(secret, codes.step_of(NOW)), now=NOW)
    SecondFactor.objects.update(secret=b"another", last_step=None)
    SecondFactor.objects.update(user=planner)
    RecoveryCode.objects.filter(pk=RecoveryCode.objects.first().pk).update(digest=b"another")
    changes = events(ACTION.FACTOR_CHANGED)
    of_app = {"factor": "Authenticator app"}
    assert [(event.account, event.detail) for event in changes] == [
        (ops, of_app | {"changed": ["secret"]}),
        (planner, of_app | {"changed": ["user_id"], "account_before": ops.pk}),
        (ops, {"factor": "Recovery code", "changed": ["digest"]}),
    ]


def test_group_rules_and_identities_are_events(user_of):
    rule = GroupRule.objects.create(group="night shift", role="ops")
    claims = Claims("https://id.example.org", "s-1", username="ada", groups=["night shift"])
    ada = sign_on(claims, now=NOW)
    sign_on(claims, now=NOW)
    rule.scope_kind, rule.scope_slug = "site", "porto"
    rule.save()
    of_rules = events(ACTION.RULE_ADDED, ACTION.RULE_REMOVED)
    everywhere = {"group": "night shift", "role": "ops", "place": "all sites"}
    at_porto = everywhere | {"place": "site porto"}
    assert [(event.action, event.account, event.detail) for event in of_rules] == [
        (ACTION.RULE_ADDED, None, everywhere),
        (ACTION.RULE_REMOVED, None, everywhere),
        (ACTION.RULE_ADDED, None, at_porto),
    ]
    [link] = events(ACTION.IDENTITY_LINKED)
    assert (link.account, link.detail) == (ada, {"issuer": "https://id.example.org"})
