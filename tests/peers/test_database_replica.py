"""A Muster whose pages read a streaming replica: it shows what the reader may see, never hides what the reader wrote,
and is left when it falls behind or goes away.
"""

import re
from contextlib import ExitStack
from urllib.request import Request, urlopen

import psycopg
import pytest

from tests.peers.asking import Caller, Neighbour
from tests.peers.database_replicas import replicated
from tests.peers.muster import USER
from tests.peers.running import eventually

pytestmark = [pytest.mark.peers, pytest.mark.timeout(600)]

LAG_S, SEEN_S = 12, 40
SITES = "/api/inventory/sites/"


@pytest.fixture
def servers():
    with replicated() as (primary, replica):
        yield primary, replica


@pytest.fixture
def own_database(servers):
    return servers[0].url


@pytest.fixture
def token():
    return ""


@pytest.fixture
def more_environment(servers):
    return {"MUSTER_DATABASE_REPLICA_URL": servers[1].url, "MUSTER_DATABASE_REPLICA_LAG_S": str(LAG_S)}


@pytest.fixture
def callers(muster):
    """Somebody who writes, another who reads, and one who sees a single site."""
    muster.add_site("porto")
    muster.post("/api/inventory/sites/", {"name": "Faro", "slug": "faro", "region": 1, "country": "PT"})
    tokens = {"writer": muster.token}
    for name, scopes in (("reader", []), ("scoped", [{"kind": "site", "slug": "porto"}])):
        muster.post(
            "/api/accounts/users/",
            {"username": name, "role": "manager", "password": "a-long-enough-password", "scopes": scopes},
        )
        tokens[name] = muster.manage("create_token", "--user", name, "--scope", "write").split()[-1]
    with ExitStack() as until:
        yield {
            name: until.enter_context(Caller(muster.port, headers={"Authorization": f"Bearer {token}"}))
            for name, token in tokens.items()
        }


def run_on(server, statement):
    with psycopg.connect(server.url, autocommit=True) as connection:
        return connection.execute(statement).fetchone()


def sites(caller):
    answer = caller.ask(f"{SITES}?fields=slug")
    assert answer.status == 200, answer.body
    return {site["slug"] for site in answer.json["results"]}


def reads(muster):
    """How many requests read the replica, and the primary in its place."""
    question = Request(f"{muster.url}/metrics", headers={"Authorization": f"Bearer {muster.token}"})
    with urlopen(question, timeout=30) as response:
        matches = re.findall(
            r'muster_database_replica_reads_total{database="(\w+)"} (\d+)', response.read().decode()
        )
    return {name: int(count) for name, count in matches}


def is_read(muster, caller):
    before = reads(muster)["replica"]
    sites(caller)
    return reads(muster)["replica"] > before


def test_pages_read_the_replica_and_leave_it_when_it_is_behind_or_away(muster, servers, callers):
    _primary, replica = servers
    reader, writer = callers["reader"], callers["writer"]
    eventually(
        lambda: is_read(muster, reader), within_s=SEEN_S, what="the replica is read", last=muster._logs
    )
    assert sites(callers["scoped"]) == {"porto"}
    assert sites(reader) == {"porto", "faro"}
    status = "/telemetry/status/"
    eventually(lambda: "pages read it" in muster.page(status), within_s=SEEN_S, what="the page says so")

    # Held, it shows what was: to all but whoever wrote.
    run_on(replica, "SELECT pg_wal_replay_pause()")
    lagos = b'{"name": "Lagos", "slug": "lagos", "region": 1, "country": "PT"}'
    assert writer.ask(SITES, "POST", lagos, {"Content-Type": "application/json"}).status == 201
    assert "lagos" in sites(writer)
    assert "lagos" not in sites(reader)
    # Who somebody is and whether they are signed in is read from the primary.
    assert muster.session("reader")
    eventually(lambda: "lagos" in sites(reader), within_s=SEEN_S, what="the primary is read")
    eventually(
        lambda: "behind; 12 s are allowed" in muster.page(status), within_s=SEEN_S, what="the page says so"
    )
    assert sites(callers["scoped"]) == {"porto"}
    run_on(replica, "SELECT pg_wal_replay_resume()")
    eventually(lambda: is_read(muster, reader), within_s=SEEN_S, what="the replica is read again")
    assert {"lagos", "porto"} <= sites(reader)

    # It loses its power under readers, none of whom notices.
    cookies = {"Cookie": muster.session(USER)}
    with Neighbour(muster.port, ["/sites/", SITES], headers=cookies, pause_s=0.02).visiting() as answers:
        eventually(lambda: len(answers) > 5, within_s=SEEN_S, what="pages are read")
        replica.end()
        count = len(answers)
        eventually(lambda: len(answers) > count + 20, within_s=SEEN_S, what="pages are read")
    assert [(each.path, each.status) for each in answers if each.status != 200] == []
    eventually(lambda: "it does not answer" in muster.page(status), within_s=SEEN_S, what="the page says so")
    assert not is_read(muster, reader)
    replica.start()
    eventually(lambda: is_read(muster, reader), within_s=SEEN_S, what="the replica is read again")

    # What the replica is not: the primary itself, made one.
    run_on(replica, "SELECT pg_promote()")
    eventually(
        lambda: "it replays no log of writes" in muster.page(status), within_s=SEEN_S, what="the page says so"
    )
    assert not is_read(muster, reader)
