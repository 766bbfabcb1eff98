"""Pages of portfolios: empty, asked for, under way, solved, called off; and for whom."""

import csv

import pytest

from inventory.models import Site
from readiness.demand.workloads.operations import place
from readiness.tradeoffs.factors.core.factors import HOURS_A_MONTH
from readiness.tradeoffs.models import PortfolioRun
from readiness.tradeoffs.portfolios import operations, solving
from readiness.tradeoffs.portfolios.result import MoveRow, Named
from readiness.tradeoffs.portfolios.tables import gap, reason
from readiness.tradeoffs.units import signed
from tests.cases import cases

pytestmark = pytest.mark.django_db
LIST = "/tradeoffs/portfolio/"
FORM = {
    "cost": 1, "carbon": 1, "latency": 0, "risk": 0, "points": 3, "currency": "EUR", "intensity": "average",
    "pins-TOTAL_FORMS": 5, "pins-INITIAL_FORMS": 0,
}  # fmt: skip


def pinned(*rows):
    """Return the fields of rows of a workload and a site."""
    return {
        f"pins-{place}-{name}": value
        for place, row in enumerate(rows)
        for name, value in zip(("workload", "site"), row, strict=True)
    }


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return (answer.getvalue() if answer.streaming else answer.content).decode()


def test_asked_for_by_the_form(client_of, chat):
    client = client_of("planner")
    assert "Weight of cost" in page(client, f"{LIST}ask/")
    refused = client.post(f"{LIST}ask/", FORM | {"cost": 0, "carbon": 0})
    assert (refused.status_code, "At least one weight" in refused.content.decode()) == (422, True)
    assert client.post(f"{LIST}ask/", FORM | {"left_out": ["chat"]}).status_code == 422
    made = client.post(f"{LIST}ask/", FORM)
    run = PortfolioRun.objects.get()
    assert (made.status_code, made["Location"]) == (302, f"{LIST}{run.pk}/")
    assert run.inputs["weights"] == {"cost": 1.0, "carbon": 1.0}
    told = page(client, f"{LIST}{run.pk}/")
    assert "0 of 3 points found" in told
    assert "Cancel this run?" in told
    assert "data-refresh" in told
    assert "Cancel this run?" not in page(client_of("ops"), f"{LIST}{run.pk}/")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("chat", "oslo")], "is not in the list. Choose from the list."),
        ([("nothing", "porto")], "is not in the list. Choose from the list."),
        ([("idle", "")], "idle runs nowhere"),
        ([("chat", "porto"), ("", ""), ("chat", "lulea")], "This workload is pinned above already."),
        ([("", "porto")], "Choose the workload that is pinned there."),
    ],
)
def test_a_pin_that_cannot_be_is_refused_in_its_row(client_of, declare, chat, rows, told):
    declare("idle")
    answer = client_of("planner").post(f"{LIST}ask/", FORM | pinned(*rows))
    said = answer.content.decode()
    assert answer.status_code == 422
    assert told in said.partition('id="rows-pins"')[2].partition("</fieldset>")[0]
    assert not PortfolioRun.objects.exists()


def test_more_rows_keep_what_was_chosen(client_of, chat):
    answer = client_of("planner").post(f"{LIST}ask/", FORM | pinned(("chat", "porto")) | {"add_row": "pins"})
    said = answer.content.decode()
    assert answer.status_code == 200
    assert ('name="pins-9-site"' in said, 'name="pins-10-site"' in said) == (True, False)
    assert '<option value="porto" selected>' in said
    assert not PortfolioRun.objects.exists()


def test_pins_of_the_form_hold_and_the_result_tells_them(client_of, declare, chat, frozen_now):
    declare("big", accelerators=[(None, 500)])
    client = client_of("planner")
    made = client.post(f"{LIST}ask/", FORM | pinned(("chat", ""), ("big", "lulea")))
    run = PortfolioRun.objects.get()
    assert made["Location"] == f"{LIST}{run.pk}/"
    assert run.inputs["pins"] == {"big": "lulea", "chat": "porto"}
    solving.run(run.pk, now=frozen_now.at)
    run.refresh_from_db()
    assert {point["plan"]["chat"] for point in run.result["points"]} == {"porto"}
    told = page(client, f"{LIST}{run.pk}/")
    assert "2 pinned" in told
    section = told.partition('id="h-pins"')[2].partition("</section>")[0]
    assert [word in section for word in ("Porto", "stays", "Lulea", "left out")] == [True] * 4
    again = page(client, f"{LIST}ask/?again={run.pk}")
    assert again.index('<option value="big" selected>') < again.index('<option value="lulea" selected>')
    assert again.index('<option value="chat" selected>') < again.index('<option value="porto" selected>')
    assert "Ask again" not in page(client_of("viewer"), f"{LIST}{run.pk}/")
    for unknown in ("999999", "x"):
        page(client, f"{LIST}ask/?again={unknown}", 404)
    Site.objects.filter(slug="lulea").update(stage=Site.Stage.RETIRED)
    again = page(client, f"{LIST}ask/?again={run.pk}")
    assert '<option value="lulea" selected>lulea (not in service)</option>' in again


def test_called_off_on_the_page(client_of, ask):
    run = ask()
    assert operations.MAY_CANCEL in client_of("viewer").post(f"{LIST}{run.pk}/cancel/").content.decode()
    answer = client_of("planner").post(f"{LIST}{run.pk}/cancel/", follow=True)
    assert "The run is cancelled" in answer.content.decode()
    assert "No point was found" in answer.content.decode()
    late = client_of("planner").post(f"{LIST}{run.pk}/cancel/", follow=True)
    assert "cannot be cancelled" in late.content.decode()


@cases(
    ("kind", "why", "changes", "told"),
    {
        "forced": ("forced", "latency: 9 ms, limit 5 ms", {"cost": 3.0},
            "Forced by a broken limit: latency: 9 ms, limit 5 ms"),
        "pinned": ("pinned", "", {"cost": 3.0}, "Pinned"),
        "a price": ("choice", "", {"cost": 3.0, "risk": -2.0}, "A choice: −2 points for +3 EUR a month"),
        "no price": ("choice", "", {"cost": 0.0, "risk": -2.0}, "A choice: −2 points"),
        "unknown": ("choice", "", {"cost": None, "risk": 0.0}, "A choice"),
        "a step": ("choice", "an optional improvement: +3 EUR a month for 9 ms", {"cost": 3.0},
            "A choice; an optional improvement: +3 EUR a month for 9 ms"),
    },
)  # fmt: skip
def test_a_move_says_why_and_what_a_choice_buys(kind, why, changes, told):
    here, there = Named("porto", "Porto"), Named("lulea", "Lulea")
    row = MoveRow(Named("chat", "Chat"), here, there, changes, "", [], kind, why)
    assert reason(row, {"cost": "EUR/month", "risk": "points, sum over workloads"}) == told


def test_today_is_of_all_workloads_when_all_are_known(client_of, solve):
    run = solve(weights={"cost": 1, "carbon": 1})
    assert "The sums of today and of every point cover all workloads (1)." in page(
        client_of("viewer"), f"{LIST}{run.pk}/"
    )


def test_of_a_class_at_two_sites_both_are_in_the_sums(client_of, solve, chat, fleet, planner, frozen_now):
    place(chat, site=fleet["lagos"], on=None, by=planner, now=frozen_now.at)
    run = solve(weights={"cost": 1}, pins={"chat": "porto"})
    told = page(client_of("viewer"), f"{LIST}{run.pk}/")
    counted = "one placement is planned, and the sums count all of them: Chat (one of 2)."
    assert counted in told
    # Eight accelerators at each, all month.
    hours = 8 * HOURS_A_MONTH
    assert run.result["today"]["totals"]["cost"] == pytest.approx(hours * (2.4 + 1.8))
    assert run.result["today"]["stays"] == {"chat": ["lagos"]}


@cases(
    ("proven", "words"),
    {"the last bits": (1.4e-16, "0.00 %"), "little": (2e-6, "<0.01 %"), "some": (0.0123, "1.23 %")},
)
def test_a_plan_that_is_proven_best_is_no_distance_away(proven, words):
    assert str(gap({"gap": proven})) == words


def test_a_front_with_its_moves(client_of, solve, declare):
    declare("web", accelerators=[(None, 500)])
    run, client = solve(weights={"cost": 1, "carbon": 1}), client_of("viewer")
    place, point = max(enumerate(run.result["points"], 1), key=lambda one: one[1]["plan"]["chat"] == "lulea")
    told = page(client, f"{LIST}{run.pk}/?point={place}&x=carbon&y=cost")
    assert f"Point {place}" in told
    assert "+36 ms" in told
    [cost, carbon] = (run.result["moves"]["chat"]["lulea"]["changes"][name] for name in ("cost", "carbon"))
    assert (cost < 0, carbon < 0) == (True, True)
    bought = f"A choice: {signed(cost)} EUR a month and {signed(carbon)} kg CO2e a month"
    assert bought in told.partition('id="row-moves-chat"')[2].partition("</tr>")[0]
    assert "over 1 workload" in told
    assert (
        "The sums of today and of every point cover the same 1 of 2 workloads. Not included: Web (does not run today)."
        in told
    )
    assert "No site that keeps its limits has the capacity" in told
    assert f"front.json?point={place}&amp;x=carbon&amp;y=cost" in told
    rows = list(csv.DictReader(page(client, f"{LIST}{run.pk}/?point={place}&export=csv").splitlines()))
    assert [(row["Workload"], row["From"], row["To"]) for row in rows] == [("chat", "porto", "lulea")]
    chart = client.get(f"{LIST}{run.pk}/front.json?point={place}").json()
    drawn = {trace["name"]: trace for trace in chart["data"]}
    assert drawn["Chosen"]["x"] == [point["totals"]["cost"]]
    assert drawn["Today"]["y"] == [run.result["today"]["totals"]["carbon"]]
    assert len(chart["meta"]["table"]["rows"]) == len(run.result["points"]) + 1
    assert "Distance from the best plan" in page(client, f"{LIST}{run.pk}/front.csv")


@pytest.mark.parametrize("query", ["point=0", "point=99", "point=x", "x=speed", "y=risk"])
def test_an_address_that_means_nothing_is_a_400(client_of, solve, query):
    run = solve(weights={"cost": 1, "carbon": 1})
    page(client_of("viewer"), f"{LIST}{run.pk}/?{query}", 400)
    page(client_of("viewer"), f"{LIST}{run.pk}/front.json?{query}", 400)


def test_a_failed_run_says_so_and_what_is_not_there_is_a_404(client_of, ask, frozen_now):
    run = ask()
    ended = {"started_at": frozen_now.at, "finished_at": frozen_now.at, "problem": solving.LOST}
    PortfolioRun.objects.filter(pk=run.pk).update(state="running", started_at=frozen_now.at)
    PortfolioRun.objects.filter(pk=run.pk).update(state="failed", **ended)
    assert solving.LOST in page(client_of("viewer"), f"{LIST}{run.pk}/")
    page(client_of("viewer"), f"{LIST}{run.pk}/front.json", 404)
    page(client_of("viewer"), f"{LIST}999999/", 404)
