"""Each check in each state, and all that shows states: the page over the fleet, at a site, the cell, the endpoint."""

import re
from datetime import timedelta
from itertools import cycle, pairwise

import pytest

from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.core.states import CheckState, Health, Verdict
from readiness.assessment.scoring.models import CheckResult, DomainHealth, Flip, SiteScore
from telemetry.models import Source, SourceState, SourceStatus
from tests.cases import in_steps
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.assessment.scoring.stored import DAY, NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]
CODES = {
    "pass": "inside",
    "warn": "warn-band",
    "fail": "outside",
    "unknown": "no-evidence",
    "stale": "too-old",
    "waived": "outside",
    "n-a": "excluded",
}
WITHOUT_VALUE = {"unknown", "n-a"}
TABS = ("overview", "compute", "network", "energy", "evidence", "people", "inventory", "changes")
OF_A_SITE = (
    *(f"/sites/{{site}}/?tab={tab}" for tab in TABS),
    *(
        "/sites/{site}/pack/",
        "/sites/{site}/pack.pdf",
        "/sites/{site}/determinism/",
    ),
    *(
        "/readiness/explain/?site={site}",
        "/readiness/trends/?site={site}",
    ),
)
OVER_THE_FLEET = (
    *(
        "/",
        "/fleet/",
        "/fleet/?view=site",
        "/sites/",
        "/sites/?export=csv",
        "/readiness/",
        "/readiness/report/",
    ),
    *("/readiness/?export=csv", "/readiness/?group=region", "/readiness/checks/", "/readiness/gap/"),
    *("/readiness/worklist/", "/readiness/worklist/add/", "/readiness/determinism/", "/readiness/interop/"),
    *("/telemetry/", "/waivers/request/", "/inventory/", "/history/", "/decisions/new/", "/tradeoffs/"),
    *("/api/readiness/matrix/", "/api/readiness/scores/", "/api/readiness/flips/", "/api/telemetry/status/"),
    *(f"/readiness/?state={state}" for state in list(CheckState)),
    *(f"/readiness/checks/?state={state}" for state in list(CheckState)),
    *(f"/api/readiness/results/?state={state}" for state in list(CheckState)),
)


def part_of(part, gate, state):
    is_known = state not in WITHOUT_VALUE
    return {
        "part": part.id,
        "gate": part.gate or gate,
        "state": state,
        "code": CODES[state],
        "reason": f"{part.name}: it is {state}.",
        "unit": part.unit,
        "value": 12.5 if is_known else None,
        "threshold": 10.0 if is_known else None,
        "threshold_text": "≤ 10" if is_known else "",
        "margin": -2.5 if is_known else None,
        "taken_at": (NOW - timedelta(minutes=3)).isoformat() if is_known else None,
        "fresh_until": (NOW + DAY).isoformat() if is_known else None,
        "provenance": "measured" if is_known else "",
        "evidence": "series:1" if is_known else "",
        "detail": "node-1" if is_known else "",
    }


def judged(site, check, state, version):
    parts = [part_of(part, check.gate, state) for part in check.parts]
    shown = {name: parts[0][name] for name in ("value", "unit", "threshold", "threshold_text", "margin")}
    return CheckResult(
        site=site,
        check_id=check.id,
        pillar=check.pillar,
        gate=check.gate,
        state=state,
        measured_state="fail" if state == CheckState.WAIVED else state,
        code=CODES[state],
        reason=parts[0]["reason"],
        evidence={"part": parts[0]["part"], "provenance": "measured"} if parts[0]["evidence"] else {},
        parts=parts,
        since=NOW - DAY,
        framework_version=version,
        **shown,
    )


def flips(site, check, state, version):
    """Through every state within the strip of 30 days, from none to the present one."""
    way = ["", *(other for other in list(CheckState) if other != state), state]
    for step, (before, after) in enumerate(pairwise(way)):
        at = NOW - 28 * DAY + step * 4 * DAY
        yield Flip(
            site=site,
            subject="check",
            key=check.id,
            from_state=before,
            to_state=after,
            at=at,
            cause="data",
            framework_version=version,
        )


@pytest.fixture
def states(db):
    """A site for each state, in which all its checks are."""
    version, framework = framework_queries.current()
    verdicts, healths = cycle([*list(Verdict), ""]), cycle(list(Health))
    sources, stages = cycle(SourceState.values), cycle(["production", "commissioning"])
    sites = {}
    for state in list(CheckState):
        site = sites[state] = stored.site(next(verdicts), slug=state, name=state.title(), stage=next(stages))
        score = SiteScore.objects.get(site=site)
        score.counts = {state: len(framework.checks)}
        score.pillars = {key: pillar | {"state": state} for key, pillar in score.pillars.items()}
        score.deciding = [check.id for check in framework.checks[:3]]
        score.save()
        CheckResult.objects.bulk_create(judged(site, check, state, version) for check in framework.checks)
        Flip.objects.bulk_create(
            flip for check in framework.checks for flip in flips(site, check, state, version)
        )
        for domain in ("compute", "network", "energy"):
            stored.health(site, domain, next(healths), clock=DomainHealth.Clock.values[len(sites) % 3])
        source = Source.objects.create(name=f"{state} collector", site=site, provenance="measured")
        SourceStatus.objects.create(source=source, state=next(sources), state_since=NOW)
        stored.point(site, (NOW - DAY).date(), 0.5)
    for stage in ("planned", "building", "retired"):
        made.site(slug=stage, name=stage.title(), stage=stage)
    return sites


@pytest.fixture
def faults_of(client_of):
    client = client_of("admin")
    client.raise_request_exception = False

    def faults(paths, **headers):
        answers = ((path, client.get(path, headers=headers)) for path in paths)
        return {
            path: answer.status_code
            for path, answer in answers
            if answer.status_code != 200 or not answer.getvalue()
        }

    return faults


@in_steps
def test_each_check_answers_in_each_state(states, faults_of, step):
    checks = [check.id for check in framework_queries.current()[1].checks][::step]
    cells = [(site.slug, check) for site in states.values() for check in checks]
    assert len(states) == 7
    assert faults_of(f"/readiness/checks/{check}/" for check in checks) == {}
    assert faults_of(f"/sites/{site}/checks/{check}/" for site, check in cells) == {}
    beside = {"hx-request": "true", "hx-target": "div#evidence"}
    assert faults_of((f"/readiness/?cell={site}.{check}" for site, check in cells), **beside) == {}
    assert faults_of(f"/api/readiness/results/?site={site}&limit=50" for site in states) == {}


COUNTED = re.compile(r"<time [^>]*data-age=[^>]*>.*?</time>")
# Which line of the pillars is of when, which is no age.
LEGEND = re.compile(r">\s*90 d ago</span>")
FROZEN = re.compile(r"\b\d+ (?:s|min|h|d) ago\b")


def test_every_age_on_a_page_counts_on(states, client_of):
    """Pages that refresh show it for half a minute, and others for as long as they are open."""
    client = client_of("admin")
    slugs = list(states)[:2]
    paths = [*OVER_THE_FLEET, *(path.format(site=slug) for path in OF_A_SITE for slug in slugs)]
    counted, frozen = 0, {}
    for path in paths:
        answer = client.get(path)
        if "text/html" in answer.headers["Content-Type"]:
            page = answer.getvalue().decode()
            counted += len(COUNTED.findall(page))
            if ages := FROZEN.findall(COUNTED.sub("", LEGEND.sub("", page))):
                frozen[path] = ages
    assert frozen == {}
    assert counted > 20


def test_all_that_shows_states_answers_in_each(states, faults_of):
    slugs = [*states, "planned", "building", "retired"]
    assert faults_of(OVER_THE_FLEET) == {}
    assert faults_of(path.format(site=slug) for path in OF_A_SITE for slug in slugs) == {}
    # A site that is retired pairs nothing any more.
    assert faults_of(f"/sites/{slug}/interop/" for slug in slugs if slug != "retired") == {}
