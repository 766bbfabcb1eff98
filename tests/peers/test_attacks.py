"""Attacks, one at a time, on a running Muster: others' pages stay quick, none fails, and memory is bounded."""

import json
import resource
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from tests.peers import sender
from tests.peers.asking import Caller, Neighbour, p95_s
from tests.peers.attacks import all_at_once, head, holding
from tests.peers.memory import Watched
from tests.peers.running import eventually
from tests.peers.standing import SITE, VIEWER
from tests.telemetry.core.wire import request, sample, series, snappy

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

PAGES = ("/", "/sites/", f"/sites/{SITE}/", "/telemetry/", "/health/ready", "/api/inventory/sites/")
# On a machine that has other work too, pages take at most so many times as long as they took before the attack.
QUICK_S, SLOWED = 1.0, 4
# That work slows one look, an attack each one while it goes on.
LOOKS = 3
# What the web process may hold above what it held before an attack, at any moment of it, and in files without a name.
MOST_GROWTH_MIB, MOST_NAMELESS_MIB = 100, 512
EXPORTED, IN_A_BODY = 8000, 2000
EXPORT = "/telemetry/series/?export=json"
READERS, SESSIONS = 100, 5
STALLED, UNNAMED, TRIES, BAD_TOKENS = 1000, 40, 15, 50
STALLED_S = 30
# A page that takes no file reads no more of one than this.
MOST_READ = 32 * 2**20
MIB = b"\0" * 2**20


def body_of_series(begin, end, *, label=""):
    """One sample of each of these series, none of which was seen before."""
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    labels = {"__name__": "attack_gauge", "label": label} if label else {"__name__": "attack_gauge"}
    return snappy(
        request(*(series({**labels, "number": str(n)}, sample(1.0, now_ms)) for n in range(begin, end)))
    )


@pytest.fixture(scope="module")
def port(standing):
    return standing.muster.port


@pytest.fixture(scope="module")
def at_rest(standing, port):
    """Watch the web process from the moment when every page was loaded once and no attack has begun."""
    Neighbour(port, PAGES, headers=standing.viewer).visit(seconds=0)
    return Watched(standing.muster.pid("web"))


@pytest.fixture(scope="module")
def exported(standing, port):
    """So many series that an export is larger than what the kernel takes off a server's hands."""
    with Caller(port) as caller:
        for begin in range(0, EXPORTED, IN_A_BODY):
            headers = sender.headers(standing.add_source(f"exported {begin}"))
            body = body_of_series(begin, begin + IN_A_BODY, label="x" * 900)
            assert caller.ask("/api/v1/write", "POST", body, headers).status == 204
    eventually(
        lambda: standing.muster.get("/api/telemetry/series/", limit=1)["count"] >= EXPORTED,
        within_s=60,
        what="the series are there",
    )


@pytest.fixture
def neighbour(standing, port, at_rest):
    """Signed in before, and every page loaded once: what is measured is not a first request."""
    return Neighbour(port, PAGES, headers=standing.viewer)


@pytest.fixture
def quick_s(neighbour):
    answers = neighbour.visit(seconds=0)
    assert {answer.status for answer in answers} == {200}
    return max(QUICK_S, SLOWED * p95_s(answers))


@pytest.fixture
def memory(standing):
    return Watched(standing.muster.pid("web"))


@pytest.fixture
def others(request, standing, neighbour, quick_s, memory, figures):
    """Has the neighbour load pages while an attack goes on, and holds the answers against what they may be."""
    web = standing.muster.pid("web")

    def undisturbed(*, seconds, until=lambda: False):
        for _ in range(LOOKS):
            answers = look(seconds, until)
            if p95_s(answers) < quick_s or until():
                break
        assert p95_s(answers) < quick_s
        assert memory.grown_mib < MOST_GROWTH_MIB
        assert memory.most_nameless_mib < MOST_NAMELESS_MIB
        assert standing.muster.pid("web") == web, "the web process was ended"

    def look(seconds, until):
        answers = neighbour.visit(seconds=seconds, until=until, after_each=memory.look)
        failed = [(answer.path, answer.status) for answer in answers if answer.failed]
        slowest = max(answers, key=lambda answer: answer.took_s)
        figures.append(
            f"{request.node.name:60} {len(answers):4} pages, {len(failed)} failed, "
            f"p95 {p95_s(answers):.2f} s of {quick_s:.2f} s at most, slowest {slowest.took_s:.2f} s ({slowest.path}); "
            f"web {memory.before_mib:.0f} MiB, at most {memory.grown_mib:+.0f}, "
            f"{memory.most_nameless_mib:.0f} MiB in files"
        )
        assert failed == []
        assert {answer.status for answer in answers} == {200}
        return answers

    return undisturbed


@pytest.fixture
def many_connections():
    """Raise the limit on open files for this process alone: the server's own limit is under test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("exported")
def test_a_hundred_readers_who_take_an_export_by_a_few_bytes(standing, port, others):
    """Signed in more than once, since what one session may ask for at a time is bounded."""
    sessions = [standing.muster.session(VIEWER) for _ in range(SESSIONS)]
    beginnings = [head("GET", EXPORT, Cookie=session) for session in sessions] * (READERS // SESSIONS)
    with holding(port, beginnings, read_bytes=8, receive_buffer=2048) as readers:
        others(seconds=15)
    assert len(readers) == READERS
    assert any(reader.status == 200 for reader in readers)

    def whole_export():
        with Caller(port, headers=standing.viewer) as caller:
            answer = caller.ask(EXPORT)
        return answer.status == 200 and answer.size > EXPORTED * 900

    eventually(whole_export, within_s=30, what="an export is had again when they are gone")


@pytest.mark.usefixtures("many_connections")
def test_a_thousand_bodies_that_never_come(standing, port, others):
    good = sender.headers(standing.add_source("stalled"))
    wanted = [
        head("POST", "/login/", Content_Type="application/x-www-form-urlencoded", Content_Length=500),
        head("POST", "/api/v1/write", **good, Content_Length=5000),
        head("POST", "/api/inventory/sites/", Content_Type="application/json", Content_Length=500),
    ]
    beginnings = [wanted[number % len(wanted)] + b"a few" for number in range(STALLED)]
    with holding(port, beginnings, read_bytes=65536) as connections:
        others(seconds=STALLED_S, until=lambda: all(each.closed_at is not None for each in connections))
    assert [each.status for each in connections if each.closed_at is None] == []
    # The first are told that they are too slow, those above a limit on how many may send that it is too many.
    assert {each.status for each in connections} <= {408, 429, 503}


def test_large_bodies_without_a_token(port, others):
    beginning = head("POST", "/api/v1/write", Content_Encoding="snappy", Content_Length=16 * len(MIB))
    with all_at_once(UNNAMED, port, beginning, [MIB] * 16) as sent:
        others(seconds=10, until=lambda: len(sent) == UNNAMED)
    assert {each.status for each in sent} <= {401, 429}
    assert len(sent) == UNNAMED


def test_two_megabytes_of_yaml(standing, port, others):
    version = standing.muster.get("/api/readiness/frameworks/", limit=1)["results"][0]
    draft = standing.muster.post(
        "/api/readiness/frameworks/", {"version": "attacked", "made_from": {"version": version["version"]}}
    )
    text = "checks:\n" + "- {id: a, b: 1}\n" * (2_000_000 // 16)
    body = json.dumps({"text": text}).encode()
    beginning = head(
        "POST",
        f"/api/readiness/frameworks/{draft['id']}/import/",
        Authorization=f"Bearer {standing.muster.token}",
        Content_Type="application/json",
        Content_Length=len(body),
    )
    with all_at_once(1, port, beginning, [body]) as sent:
        others(seconds=10, until=lambda: bool(sent))
    assert {each.status for each in sent} <= {400, 413}
    assert sent[0].took_s < 5


def test_six_hundred_megabytes_to_the_sign_in(port, others):
    chunk = f"{len(MIB):x}\r\n".encode() + MIB + b"\r\n"
    beginning = head(
        "POST", "/login/", Content_Type="application/x-www-form-urlencoded", Transfer_Encoding="chunked"
    )
    with all_at_once(1, port, beginning, [chunk] * 600) as sent:
        others(seconds=20, until=lambda: bool(sent))
    assert sent[0].status == 413
    assert sent[0].size < MOST_READ


def test_twenty_thousand_new_series_in_one_body(standing, port, others):
    body = body_of_series(0, 20_000)
    beginning = head(
        "POST", "/api/v1/write", **sender.headers(standing.add_source("many")), Content_Length=len(body)
    )
    with all_at_once(1, port, beginning, [body]) as sent:
        # Longer than the answer takes: the series are made by a worker afterwards.
        others(seconds=10)
    assert sent[0].status in (204, 400, 429)
    if sent[0].status != 204:
        assert b"series" in sent[0].received


def made_up(number):
    """The headers by which a proxy says whom it asks for."""
    address = f"203.0.113.{number}"
    return {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address}"}


def test_passwords_tried_from_addresses_that_a_header_makes_up(port, others):
    with Caller(port, headers={"Content-Type": "application/x-www-form-urlencoded"}) as caller:
        cookie = caller.ask("/login/").headers["Set-Cookie"].partition(";")[0]
        form = {"csrfmiddlewaretoken": cookie.partition("=")[2], "username": "boss"}
        statuses = []
        for number in range(TRIES):
            body = urlencode(form | {"password": f"try {number}"}).encode()
            statuses.append(caller.ask("/login/", "POST", body, {"Cookie": cookie} | made_up(number)).status)
    assert statuses[0] == 200
    assert statuses[-1] == 429
    others(seconds=1)


def test_tokens_tried_from_addresses_that_a_header_makes_up(standing, port, others):
    """At an endpoint and at the door for samples. Whoever sends with a good token goes on, also from that address."""
    good = sender.headers(standing.add_source("good"))
    body = body_of_series(0, 1)
    with Caller(port) as caller:
        before = caller.ask("/api/v1/write", "POST", body, good)
        tries = []
        for number in range(BAD_TOKENS):
            token = {"Authorization": f"Bearer muster_abcdefgh{number:04}_{'x' * 43}"}
            tries.append(caller.ask("/api/inventory/sites/", headers=token | made_up(number)))
            tries.append(caller.ask("/api/v1/write", "POST", body, good | token | made_up(number)))
        after = caller.ask("/api/v1/write", "POST", body_of_series(1, 2), good)
    assert [answer.status for answer in tries[:2]] == [401, 401]
    assert [answer.status for answer in tries[-2:]] == [429, 429]
    assert (before.status, after.status) == (204, 204)
    others(seconds=1)


def test_nothing_of_all_that_stays_in_memory(at_rest, figures):
    at_rest.look()
    figures.append(
        f"after all attacks: {at_rest.most_mib:.0f} MiB, {at_rest.grown_mib:+.0f} since before them"
    )
    assert at_rest.grown_mib < MOST_GROWTH_MIB
