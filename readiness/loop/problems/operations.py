"""Write the problems of sites that changed: gather facts, decide, store what differs."""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from readiness.assessment.scoring.operations import lock
from readiness.loop.problems import ends, gather, intake, own
from readiness.loop.problems.core.site import problems_of
from readiness.loop.problems.core.states import ProblemKind
from readiness.loop.problems.differences import WRITTEN, differences
from readiness.loop.problems.models import Problem, ProblemClaim, SiteProblems

log = logging.getLogger(__name__)
CLAIMS_A_RUN = 5_000
DUE_A_RUN = 1_000
"""With the claims, a bound on the locks of one transaction; the rest comes in the next one."""
SITES_AT_ONCE = 200
"""Sites whose problems are written together, which bounds memory."""
TRIED_AGAIN = timedelta(minutes=1)
_LOCK = 0x50524F  # "PRO"
_NO_SITE = 0


@transaction.atomic
def write_claimed(*, now: datetime) -> int:
    """Write the problems of sites that claims name, and of those that the clock changes by now; returns their number.

    The claims are deleted in this transaction: after a failure they are still there, and a claim made meanwhile is a
    new one. Of two workers at one site the second waits, and then sees what the first wrote.
    """
    claims = list(
        ProblemClaim.objects.select_for_update(skip_locked=True)
        .order_by("id")
        .values_list("id", "site_id")[:CLAIMS_A_RUN]
    )
    if claims:
        ProblemClaim.objects.filter(id__in=[claim_id for claim_id, _ in claims]).delete()
    due = (
        SiteProblems.objects.filter(changes_at__lte=now)
        .order_by("changes_at")
        .values_list("site_id", flat=True)
    )
    site_ids = sorted({site_id for _, site_id in claims}.union(due[:DUE_A_RUN]))
    if not site_ids:
        return 0
    lock(site_ids, purpose=_LOCK)
    batches = range(0, len(site_ids), SITES_AT_ONCE)
    return sum(_write_some(site_ids[start : start + SITES_AT_ONCE], now=now) for start in batches)


def _write_some(site_ids: Sequence[int], *, now: datetime) -> int:
    """Write sites together; after a failure, split them in halves down to the failing site, which is tried again in a
    minute, so that it stops no other one."""
    try:
        with transaction.atomic():
            return _write(site_ids, now=now)
    except Exception:
        if len(site_ids) == 1:
            log.exception("The problems of site %s could not be written", site_ids[0])
            again = {"written_at": now, "changes_at": now + TRIED_AGAIN}
            SiteProblems.objects.update_or_create(site_id=site_ids[0], defaults=again)
            return 0
    middle = len(site_ids) // 2
    return _write_some(site_ids[:middle], now=now) + _write_some(site_ids[middle:], now=now)


def _write(site_ids: Collection[int], *, now: datetime) -> int:
    facts = gather.facts_of(site_ids, now=now)
    stored: dict[int, list[Problem]] = {site_id: [] for site_id in facts}
    for problem in Problem.objects.open().filter(site__in=facts).order_by("pk"):
        if problem.site_id is not None:
            stored[problem.site_id].append(problem)
    present = {
        site_id: problems_of(
            of_site, open_keys={each.key for each in stored[site_id] if each.kind == ProblemKind.HEALTH}
        )
        for site_id, of_site in facts.items()
    }
    vanished: dict[int, list[Problem]] = defaultdict(list)
    for site_id, of_site in stored.items():
        identities = {problem.identity for problem in present[site_id]}
        vanished[site_id] = [problem for problem in of_site if problem.identity not in identities]
    end_facts = ends.end_facts(vanished, facts)
    added: list[Problem] = []
    changed: list[Problem] = []
    for site_id in sorted(facts):
        different = differences(site_id, present[site_id], stored[site_id], end_facts[site_id], now=now)
        added += different.added
        changed += different.changed
    _store(added, changed)
    _note_written(facts, now)
    return len(facts)


@transaction.atomic
def write_own(*, now: datetime) -> int:
    """Write the problems that belong to no site, and claim the sites of sources that began or ceased to refuse; returns
    how many rows differ."""
    lock([_NO_SITE], purpose=_LOCK)
    present = own.own_problems(now=now)
    stored = list(Problem.objects.open().filter(site=None).order_by("pk"))
    identities = {problem.identity for problem in present}
    vanished = [problem for problem in stored if problem.identity not in identities]
    different = differences(None, present, stored, ends.end_facts_of_no_site(vanished), now=now)
    _store(different.added, different.changed)
    intake.claim_refusing(now=now)
    return len(different.added) + len(different.changed)


def _store(added: Sequence[Problem], changed: Sequence[Problem]) -> None:
    """Two statements, of which the first ends problems, so that none is open twice."""
    Problem.objects.bulk_create(
        sorted(changed, key=lambda problem: problem.pk),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=WRITTEN,
    )
    Problem.objects.bulk_create(added)


def _note_written(facts: dict[int, gather.ProblemFacts], now: datetime) -> None:
    SiteProblems.objects.bulk_create(
        [
            SiteProblems(site_id=site_id, written_at=now, changes_at=of_site.changes_at(now), kw=of_site.kw)
            for site_id, of_site in sorted(facts.items())
        ],
        update_conflicts=True,
        unique_fields=["site"],
        update_fields=["written_at", "changes_at", "kw"],
    )
