"""The rules in force and others, as rows for lists and as the frozen values that decide."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from readiness.workloads.jurisdiction.core.deciding import Decision, Request, decide
from readiness.workloads.jurisdiction.core.pack import Pack
from readiness.workloads.jurisdiction.models import CountryGroup, Rule, RulePack
from readiness.workloads.jurisdiction.refusals import NothingPublished
from readiness.workloads.jurisdiction.rows import pack_from


def in_force() -> RulePack | None:
    return RulePack.objects.published().first()


def current() -> tuple[RulePack, Pack]:
    """The pack in force; one statement once its rules were read. Raises NothingPublished."""
    row = in_force()
    if row is None:
        raise NothingPublished(_("No pack of rules is in force, so nothing can be decided."))
    return row, content_of(row)


def content_of(row: RulePack) -> Pack:
    return _content(row.pk, row.version, row.digest)


@lru_cache(maxsize=16)
def _content(pack_id: int, version: str, digest: str) -> Pack:
    """Keyed by digest too: a draft that goes on is another pack."""
    return pack_from(RulePack.objects.get(pk=pack_id, version=version, digest=digest))


def decision(request: Request, *, on: date, pack: RulePack | None = None) -> tuple[RulePack, Decision]:
    """By the pack given, else by that in force. Raises NothingPublished."""
    row = pack if pack is not None else current()[0]
    return row, decide(content_of(row), request, on)


def packs() -> QuerySet[RulePack]:
    return RulePack.objects.select_related(
        "created_by", "edited_by", "published_by", "withdrawn_by", "made_from"
    ).annotate(rule_count=Count("rules"))


def rules() -> QuerySet[Rule]:
    """Of every pack, with the pack joined in."""
    return Rule.objects.select_related("pack").order_by("jurisdiction", "pack", "position", "slug")


def groups(pack: RulePack) -> list[CountryGroup]:
    return list(pack.groups.prefetch_related("members").order_by("position", "slug"))


def versions_of(rule: Rule, *, limit: int = 20) -> list[Rule]:
    """The same rule in all packs, the newest first; 20 are shown."""
    found = Rule.objects.filter(slug=rule.slug).select_related("pack", "pack__published_by")
    return list(found.order_by("-pack__created_at", "-pack_id")[:limit])


def next_name() -> str:
    """`muster-rules-3` after muster-rules-1 and -2, whatever others are called."""
    named = RulePack.objects.filter(version__regex=r"^muster-rules-[0-9]{1,6}$").values_list(
        "version", flat=True
    )
    numbers = [int(re.sub(r"\D", "", name)) for name in named]
    return f"muster-rules-{max(numbers, default=0) + 1}"
