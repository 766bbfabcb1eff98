"""Where grants show on the pages of sites and checks."""

import pytest

from tests.pages import rows_of
from tests.readiness.assessment.grants.conftest import WAIVABLE
from tests.readiness.assessment.scoring import stored
from tests.readiness.boards.waivers.test_pages import text_of

pytestmark = pytest.mark.django_db


class TestWhereItShows:
    """On the pages that were there before."""

    @pytest.fixture
    def failing(self):
        there = stored.site(name="Porto", slug="porto", first_blocker=WAIVABLE)
        stored.result(there, WAIVABLE, "fail", reason="UPS battery is low.")
        stored.result(there, "p3-shared-understanding", "unknown")
        stored.result(there, "p5-fabric-health", "pass")
        return there

    @pytest.mark.parametrize(
        ("role", "check_id", "offered"),
        [
            ("ops", WAIVABLE, True),
            ("viewer", WAIVABLE, False),
            ("ops", "p3-shared-understanding", False),
            ("ops", "p5-fabric-health", False),
        ],
    )
    def test_the_page_of_a_check_offers_to_ask(self, failing, client_of, role, check_id, offered):
        page = text_of(client_of(role).get(f"/sites/porto/checks/{check_id}/"))
        assert (f"/waivers/request/?site=porto&amp;check={check_id}" in page) == offered

    def test_a_waived_block_check_may_still_be_lifted(self, failing, client_of):
        stored.result(failing, "p2-power-headroom", "waived", measured_state="fail")
        page = text_of(client_of("ops").get("/sites/porto/checks/p2-power-headroom/"))
        assert "/waivers/request/?site=porto&amp;check=p2-power-headroom&amp;kind=exception" in page

    def test_the_page_of_a_check_lists_what_was_granted(self, failing, grant, client_of):
        given = grant(failing)
        page = text_of(client_of("ops").get(f"/sites/porto/checks/{WAIVABLE}/"))
        for told in (f'href="/waivers/{given.pk}/"', "UPS B is being replaced", "decided by manager"):
            assert told in page

    def test_the_row_of_a_check_offers_to_ask_or_says_waived(self, failing, client_of):
        stored.result(failing, "p2-power-headroom", "waived", measured_state="fail")
        page = text_of(client_of("planner").get("/sites/porto/?tab=evidence"))
        assert f"/waivers/request/?site=porto&amp;check={WAIVABLE}" in page
        assert "/waivers/?site=porto&amp;check=p2-power-headroom&amp;live=true" in page
        assert "check=p3-shared-understanding" not in page
        assert "/waivers/request/" not in text_of(client_of("viewer").get("/sites/porto/?tab=evidence"))

    def test_the_export_of_the_checks_says_waived(self, failing, client_of):
        stored.result(failing, "p2-power-headroom", "waived", measured_state="fail")
        answer = client_of("viewer").get("/sites/porto/?tab=evidence&export=json&cols=state&cols=waiver")
        rows = {row["id"]: row for row in rows_of(answer)}
        assert (rows["p2-power-headroom"]["state"], rows["p2-power-headroom"]["waiver"]) == ("waived", True)
        assert rows[WAIVABLE]["waiver"] is False

    def test_a_site_draws_the_band_and_says_how_many(self, failing, client_of):
        pillars = failing.score.pillars
        pillars["p2"] |= {"score": 0.4, "upper": 0.6, "waived": 0.25, "waived_checks": 2}
        failing.score.save()
        page = text_of(client_of("viewer").get("/sites/porto/"))
        assert '<rect class="waived" x="60.0%" width="25.0%"' in page
        assert "2 waived" in page

    def test_a_verdict_that_an_exception_made_says_so(self, failing, client_of):
        failing.score.verdict, failing.score.excepted = "conditional", [WAIVABLE]
        failing.score.save()
        page = text_of(client_of("viewer").get("/sites/porto/"))
        assert "A signed exception lifts 1 BLOCK check, so the site is conditional at best." in page
        assert "kind=exception&amp;in_force=true" in page
