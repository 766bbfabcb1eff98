"""PostgreSQL and Valkey go away under traffic and come back: what is answered meanwhile, how soon after, and what is
stored.
"""

import pytest

from tests.peers.asking import p95_s
from tests.peers.outages import (
    ANSWERED_S,
    LIVE,
    PAGE,
    READY,
    WRITE,
    outage,
    readiness_at_full_load,
    stored,
)

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

BACK_S, LOADED_S = 2.0, 60
# Readiness says what was seen, and a server that hangs is seen later than one that is gone.
SEEN_S, HANGS_S = 2.0, 4.5


def is_back(standing, going, figures):
    """Within two seconds, with every sample acknowledged stored once."""
    samples = stored(standing, going)
    figures.append(
        f"    {samples.lost} samples lost, {samples.doubled} doubled, drained after {samples.drained_s:.0f} s"
    )
    assert (samples.lost, samples.doubled) == (0, 0)
    assert going.recovered_s(WRITE, 204) <= BACK_S
    assert going.recovered_s(PAGE, 200) <= BACK_S
    assert [answer for path in going.answers for answer in going.failed_since(path, BACK_S)] == []


def test_a_process_at_full_load_is_ready(standing, figures):
    answers = readiness_at_full_load(standing, seconds=LOADED_S)
    figures.append(f"{LOADED_S} s at full load: {len(answers)} times ready, p95 {p95_s(answers):.2f} s")
    assert {answer.status for answer in answers} == {200}
    assert len(answers) > LOADED_S


@pytest.mark.parametrize("seconds", [5, 70])
def test_postgresql_is_away(standing, figures, seconds):
    name = f"PostgreSQL away for {seconds} s"
    going = outage(standing, name, standing.postgres.stopped, seconds=seconds)
    figures.append(going.figures(name))

    for path in (WRITE, PAGE):
        assert going.statuses(path) == {503}, path
    assert going.statuses(READY, after_s=SEEN_S) == {503}
    for path in (WRITE, PAGE, READY):
        assert going.p95_s(path) < ANSWERED_S, path
    for path in (WRITE, PAGE):
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in going.meanwhile(path)), path
    assert all(answer.size > 0 for answer in going.meanwhile(PAGE))
    assert {answer.json["database"] for answer in going.meanwhile(READY, after_s=SEEN_S)} == {"down"}
    assert going.statuses(LIVE) == {200}
    is_back(standing, going, figures)


def test_postgresql_hangs(standing, figures):
    """Its processes stand still: no connection breaks, and none is refused."""
    name = "PostgreSQL hung for 8 s"
    going = outage(standing, name, standing.postgres.hung, seconds=8)
    figures.append(going.figures(name))

    assert going.statuses(LIVE) == {200}
    assert going.statuses(READY, after_s=HANGS_S) == {503}
    for path in (LIVE, READY):
        assert going.p95_s(path) < ANSWERED_S, path
    is_back(standing, going, figures)


def test_valkey_is_away(standing, figures):
    name = "Valkey away for 5 s"
    going = outage(standing, name, standing.valkey.stopped, seconds=5)
    figures.append(going.figures(name))

    assert going.statuses(WRITE) == {204}
    for path in (PAGE, LIVE, READY):
        assert going.statuses(path) == {200}, path
    seen = going.meanwhile(READY, after_s=SEEN_S + ANSWERED_S)
    assert {answer.json["status"] for answer in seen} == {"degraded"}
    for path in (WRITE, PAGE, READY):
        assert going.p95_s(path) < ANSWERED_S, path
    is_back(standing, going, figures)
