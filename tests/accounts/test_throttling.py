"""How often tokens are tried: unknown ones by address, and calls of the API by token."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.counting import MOST_KEPT
from accounts.operations import revoke_token
from accounts.throttling import BadTokens
from tests.conftest import ApiClient
from web.rest import authentication

CHECK = "/api/authentication-check/"


class Clock:
    at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def bad_tokens(clock):
    return BadTokens(most=3, clock=clock)


def fail(bad_tokens, times, address="10.0.0.9"):
    for number in range(times):
        bad_tokens.failed(address, f"muster_x_{number}")


class TestBadTokens:
    def test_unknown_ones_wait_for_the_rest_of_the_minute(self, bad_tokens, clock):
        fail(bad_tokens, 2)
        assert bad_tokens.wait_s("10.0.0.9", "another") == 0
        clock.at = 20.0
        fail(bad_tokens, 1)
        assert bad_tokens.wait_s("10.0.0.9", "another") == 40
        assert bad_tokens.wait_s("10.0.0.8", "another") == 0
        clock.at = 60.0
        assert bad_tokens.wait_s("10.0.0.9", "another") == 0

    def test_good_ones_go_on_beside_a_bad_neighbour_for_ten_minutes(self, bad_tokens, clock):
        bad_tokens.passed("good")
        clock.at = 599.0
        fail(bad_tokens, 3)
        assert bad_tokens.wait_s("10.0.0.9", "good") == 0
        clock.at = 601.0
        assert bad_tokens.wait_s("10.0.0.9", "good") == 58

    def test_one_that_is_good_no_more_waits_like_others(self, bad_tokens):
        bad_tokens.passed("good")
        bad_tokens.failed("10.0.0.9", "good")
        fail(bad_tokens, 2)
        assert bad_tokens.wait_s("10.0.0.9", "good") > 0

    def test_memory_is_bounded(self, bad_tokens):
        for number in range(MOST_KEPT + 50):
            bad_tokens.failed(f"address {number}", "x")
            bad_tokens.passed(f"token {number}")
        assert len(bad_tokens._bad) == len(bad_tokens._good) == MOST_KEPT


@pytest.fixture
def _own_memory(monkeypatch):
    """Each test is a process of its own."""
    monkeypatch.setattr(authentication, "bad_tokens", BadTokens())


@pytest.mark.usefixtures("_own_memory", "db")
class TestEndpoints:
    def test_unknown_tokens_are_told_to_wait_with_one_statement_a_second(self, api_of, frozen_now):
        good, bad = api_of("ops"), ApiClient("muster_aaaaaaaaaaaa_unknown")
        assert good.get(CHECK).status_code == 200
        assert [bad.get(CHECK).status_code for _ in range(31)] == [401] * 30 + [429]
        with CaptureQueriesContext(connection) as statements:
            refused = bad.get(CHECK)
        assert (refused.status_code, len(statements)) == (429, 0)
        assert 0 < int(refused["Retry-After"]) <= 60
        assert good.get(CHECK).status_code == 200
        assert bad.get(CHECK, REMOTE_ADDR="10.0.0.2").status_code == 401

    def test_a_revoked_token_counts_as_bad(self, api_of, ops, frozen_now):
        api = api_of("ops")
        assert api.get(CHECK).status_code == 200
        revoke_token(ops.tokens.get(), by=ops, now=frozen_now.at)
        assert [api.get(CHECK).status_code for _ in range(31)] == [401] * 30 + [429]

    @pytest.mark.parametrize("cached", [True, False])
    def test_calls_of_one_token_are_limited_and_those_of_others_are_not(
        self, request, api_of, client_of, settings, frozen_now, cached
    ):
        if not cached:
            request.getfixturevalue("without_cache")
        frozen_now.move(hours=1 + cached)
        settings.API_CALLS_PER_MINUTE = 5
        api, other = api_of("ops"), api_of("viewer")
        assert [api.get(CHECK).status_code for _ in range(6)] == [200] * 5 + [429]
        refused = api.get(CHECK)
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert other.get(CHECK).status_code == 200
        browser = client_of("ops")
        assert {browser.get(CHECK).status_code for _ in range(7)} == {200}
        frozen_now.move(minutes=1)
        assert api.get(CHECK).status_code == 200
