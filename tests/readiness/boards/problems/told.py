"""Problems as they are stored, for tests of the panel; and its sections as text."""

import re
from datetime import datetime, timedelta

from readiness.assessment.scoring.models import HealthReason
from readiness.loop.problems.core.states import ProblemState, rank_of
from readiness.loop.problems.models import Problem
from tests.pages import text_of, words_in
from tests.readiness.assessment.scoring.stored import NOW

HOUR = timedelta(hours=1)


def reason_about(thing, kind, **given):
    defaults = {"health": "critical", "unit": "", "threshold": None, "direction": "above", "measure": "value"}
    since = given.pop("since", NOW - HOUR)
    named = {"object_kind": kind, "object_id": thing.pk, "object": str(thing)}
    at = {"since": since.isoformat(), "taken_at": NOW.isoformat()}
    return defaults | named | at | {"source": "OD", "part": ""} | given


def problem_of(site, *reasons, domain="compute", since=NOW - HOUR, key="", **given):
    """A problem of health of the first reason's object."""
    worst = reasons[0]
    key = key or f"{domain}-{worst['object_kind']}-{worst['object_id']}"
    state = given.get("state", "critical")
    columns = {
        "kind": "health",
        "key": key,
        "subject": domain,
        "state": state,
        "cause_kind": "health",
        "cause_key": key,
        "title": worst["title"],
        "reasons": list(reasons),
        "metrics": [worst["metric"]],
        "object_kind": worst["object_kind"],
        "object_id": worst["object_id"],
        "object": worst["object"],
        "objects_affected": 1,
        "since": since,
        "first_seen_at": since,
        "last_seen_at": NOW,
        "rank": rank_of(ProblemState(state), is_last_known=False),
        "head_rank": 0,
        "head_title": worst["title"],
    }
    return Problem.objects.create(site=site, **columns | given)


def open_reason(site, reason, domain="compute"):
    """A row of what holds now; `rank` is that of its place among critical, warn and unknown."""
    columns = {name: value for name, value in reason.items() if name not in ("since", "taken_at")}
    at = {name: datetime.fromisoformat(reason[name]) for name in ("since", "taken_at")}
    rank = ("critical", "warn", "unknown").index(reason["health"])
    placed = {"standing": "live", "rank": rank, "counts_from": at["since"]}
    return HealthReason.objects.create(site=site, domain=domain, **at | placed | columns)


def check_problem(site, check_id, **given):
    columns = {
        "kind": "check",
        "key": check_id,
        "subject": check_id,
        "check_id": check_id,
        "state": "failing",
    }
    columns |= {"cause_kind": "check", "cause_key": check_id, "title": check_id, "rank": 5, "head_rank": 5}
    columns |= {"first_seen_at": NOW - HOUR, "last_seen_at": NOW, "head_title": check_id}
    return Problem.objects.create(site=site, **columns | given)


def address_of(problem, **query):
    pairs = {"problem": f"{problem.kind}-{problem.site.slug}-{problem.key}"} | query
    return "/problems/?" + "&".join(f"{name}={value}" for name, value in pairs.items())


def panel_of(client, problem, **query):
    page = text_of(client.get(address_of(problem, **query)))
    return re.search(r'<aside[^>]*id="problem".*?</aside>', page, re.DOTALL)[0]


def section_of(panel, heading):
    """The words of the section with this heading, without the heading; "" without such a section."""
    for section in re.findall(r"<section>.*?</section>", panel, re.DOTALL):
        words = words_in(section)
        if words.startswith(heading):
            return words.removeprefix(heading).strip()
    return ""
