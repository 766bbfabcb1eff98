"""Search for decisions and portfolio runs."""

from collections.abc import Iterable, Iterator

from django.urls import reverse

from readiness.tradeoffs.models import Decision, PortfolioRun
from web import search
from web.search import Hit
from web.units import day


def register() -> None:
    search.register_rows(
        "decisions",
        "Decisions",
        Decision.objects.select_related("site").defer("options", "snapshot", "sensitivity").all,
        title="workload_name",
        others=("site__name", "workload_slug", "rationale", "state"),
        permissions=("tradeoffs.view_decision", "inventory.view_site"),
        icon="clipboard-check",
        order=21,
        hits=_decisions,
    )
    search.register_rows(
        "portfolios",
        "Portfolio runs",
        PortfolioRun.objects.defer("inputs", "result").all,
        title="state",
        others=("problem",),
        permissions=("tradeoffs.view_portfoliorun",),
        icon="arrows-sort",
        order=60,
    )


def _decisions(decisions: Iterable[Decision]) -> Iterator[Hit]:
    for decision in decisions:
        detail = f"#{decision.pk} · {day(decision.decided_at)} · {decision.get_state_display()}"
        yield Hit(str(decision), reverse("decision", args=[decision.pk]), detail)
