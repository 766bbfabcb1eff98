"""The pages under /decisions/: what they show, to whom, what they refuse, and what they cost."""

import csv
import io
import json
import re

import pytest

from readiness.tradeoffs.decisions import operations
from readiness.tradeoffs.models import Decision
from tests.inventory import made
from tests.pages import statements, take_back, text_of
from tests.readiness.tradeoffs.decisions.conftest import SAID, option

pytestmark = pytest.mark.django_db


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def body_of(answer):
    return b"".join(answer.streaming_content)


class TestList:
    def test_rows_and_files_tell_who_what_where_and_how_it_went(
        self, approved, record, porto, client_of, frozen_now
    ):
        decision = approved()
        record(site=porto)
        frozen_now.move(days=30)
        operations.review(decision, by=None, now=frozen_now.at)
        reader = client_of("ops")
        page = text_of(reader.get("/decisions/"))
        for told in (
            "Chat",
            "Porto",
            "Lagos",
            "planner",
            "manager",
            "reviewed 24 Dec 2026",
            "Waits for approval",
        ):
            assert told in page
        rows = json.loads(body_of(reader.get("/decisions/?export=json&state=approved")))
        assert [row["id"] for row in rows] == [decision.pk]
        rows = csv.DictReader(
            io.StringIO(body_of(reader.get("/decisions/?export=csv&reviewed=true")).decode())
        )
        [row] = rows
        assert row["Workload"] == "chat"

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("state=recorded", {"asked"}),
            ("site=porto", {"asked", "due"}),
            ("workload=chat", {"asked", "due"}),
            ("due=true", {"due"}),
            ("q=nearer", {"asked", "due"}),
            ("q=nobody", set()),
            ("decided_by=planner", {"asked", "due"}),
        ],
    )
    def test_filters(self, approved, record, client_of, frozen_now, query, found):
        there = {"due": approved().pk, "asked": record().pk}
        frozen_now.move(days=30)
        rows = json.loads(body_of(client_of("ops").get(f"/decisions/?export=json&{query}")))
        assert {row["id"] for row in rows} == {there[name] for name in found}


class TestPage:
    def test_it_shows_what_was_decided_and_on_what(self, record, client_of):
        decision = record(what_if={"demand": 1.2, "carbon_price": 0})
        page = plain(text_of(client_of("viewer").get(f"/decisions/{decision.pk}/")))
        for told in (
            "Chat at Porto",
            SAID,
            "9,000 EUR a month",
            "8,000 to 10,000",
            "60 60 % of all",
            "Transfer of personal data to NG forbidden (GDPR Chapter V)",
            "Above a cost weight of 80 Lagos wins.",
            "Electricity price",
            "contract 7",
            "327 d",
            "No meter covers the whole site",
            "judged by muster-rules-1, muster-1",
            "demand 1.2",
            "Only the role manager or admin may approve and reject decisions of others.",
            "The forecast is compared once somebody has approved the decision.",
        ):
            assert told.replace(" ", "") in page.replace(" ", ""), told
        assert "carbon price" not in page.partition(" Created ")[0]

    def test_the_first_reason_stands_in_the_row_and_the_file_has_all(self, record, answer, client_of):
        [faro] = [one for one in answer["options"] if one["site"] == "faro"]
        late = {"limit": "latency", "words": "latency: 60 ms, limit 40 ms, 20 ms over"}
        faro["reasons"] = [late, *faro["reasons"], {"limit": "verdict", "words": "verdict: not ready"}]
        viewer, path = client_of("viewer"), f"/decisions/{record().pk}/"
        page = text_of(viewer.get(path))
        row = page[page.index('id="row-options-faro"') :].partition("</tr>")[0]
        shown, _, behind = row.partition("<details")
        assert "Latency: 60 ms, limit 40 ms, 20 ms over" in shown
        assert "personal data" not in shown
        assert "and 2 more" in behind.partition("</summary>")[0]
        for reason in ("Transfer of personal data to NG", "Verdict: not ready"):
            assert reason in behind
        assert "<details" not in page[page.index('id="row-options-porto"') :].partition("</tr>")[0]
        [whole] = [
            one
            for one in json.loads(body_of(viewer.get(f"{path}?export=json")))
            if "60 ms" in str(one["reasons"])
        ]
        assert whole["reasons"].split("; ") == [one["words"] for one in faro["reasons"]]

    def test_figures_of_one_unit_say_it_once(self, record, answer, client_of):
        def heads(**units):
            for one in answer["options"]:
                one["objectives"]["cost"]["unit"] = units.get(one["site"], "EUR/month")
            page = text_of(client_of("viewer").get(f"/decisions/{record().pk}/"))
            return page[page.index('id="table-options"') :].partition("</thead>")[::2]

        head, body = heads()
        assert '<span class="unit">EUR a month</span>' in head
        # Where there is no heading row, on a phone, it goes with the name.
        assert 'data-label="Cost EUR a month">9' in body
        head, body = heads(porto="USD/month")
        assert "EUR" not in head
        assert "USD a month" in body

    def test_what_came_stands_beside_it_with_why_it_is_unknown(self, approved, porto, client_of, frozen_now):
        decision = approved()
        frozen_now.move(days=10)
        page = plain(text_of(client_of("viewer").get(f"/decisions/{decision.pk}/")))
        assert "Nothing can be compared: the outcome is unknown." in page
        assert "No round trip from emea was measured in this time." in page
        chart = client_of("viewer").get(f"/decisions/{decision.pk}/errors.json")
        assert json.loads(chart.content)["meta"]["empty"].startswith("Nothing can be compared")

    @pytest.mark.parametrize(
        ("role", "offered"),
        [("viewer", set()), ("planner", {"withdraw"}), ("manager", {"approve", "reject", "withdraw"})],
    )
    def test_who_is_offered_what(self, record, client_of, role, offered):
        page = text_of(client_of(role).get(f"/decisions/{record().pk}/"))
        assert set(re.findall(r'<dialog class="dialog" id="(\w+)"', page)) - {"shortcuts", "help"} == offered


class TestAnswering:
    def test_too_late_and_too_early(self, approved, client_of, frozen_now):
        decision = approved()
        manager = client_of("manager")
        late = manager.post(f"/decisions/{decision.pk}/approve/")
        assert "so this step is no longer possible" in text_of(late, 409)
        early = manager.post(f"/decisions/{decision.pk}/review/")
        assert "It is reviewed on 24 Dec 2026" in text_of(early, 409)
        frozen_now.move(days=30)
        assert "is recorded" in text_of(manager.post(f"/decisions/{decision.pk}/review/", follow=True))

    def test_an_approval_leads_to_withdrawing_and_the_record_stays(self, record, client_of, manager):
        decision, client = record(), client_of("manager")
        page = client.post(f"/decisions/{decision.pk}/approve/", {"note": ""}, follow=True)
        assert "is withdrawn" in text_of(take_back(client, page))
        decision.refresh_from_db()
        assert (decision.state, decision.answered_by) == ("withdrawn", manager)


class TestCost:
    def test_the_page_costs_the_same_with_many_options(self, record, answer, client_of):
        viewer = client_of("viewer")
        text_of(viewer.get("/decisions/"))
        few = statements(viewer, f"/decisions/{record().pk}/")
        answer["options"] += [option(made.site(), rank=3) for _more in range(30)]
        many = statements(viewer, f"/decisions/{record().pk}/")
        assert many == few <= 20
        assert Decision.objects.count() == 2
