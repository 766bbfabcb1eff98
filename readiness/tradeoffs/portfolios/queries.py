"""Runs of portfolios as they are listed and shown."""

from __future__ import annotations

from django.db.models import QuerySet

from readiness.tradeoffs.models import PortfolioRun


def runs() -> QuerySet[PortfolioRun]:
    """Without results, which are large."""
    return whole_runs().defer("result")


def whole_runs() -> QuerySet[PortfolioRun]:
    return PortfolioRun.objects.select_related("asked_by", "cancel_asked_by")
