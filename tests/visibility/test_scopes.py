"""Whoever sees a part of the sites learns nothing of the others: not a row, a count, a name or a figure.

Answers are the same whether there is another fleet beside the reader's own or not, also to whoever asks for it by name
or tries to write into it.
"""

import re

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.models import AccessScope
from inventory.models import Region, Site
from tests.visibility import mirror
from tests.visibility.asking import ask, found_by, kind_of
from tests.visibility.scene import MARK
from tests.visibility.test_visibility import addresses, lists
from tests.web.routes.test_every_route import paths

__all__ = ["paths"]
pytestmark = pytest.mark.django_db
# Whoever may do most asks along every link, for the other fleet by name, and after somebody who sees everything; the
# others, at each page and endpoint.
ASKS_MOST = "admin"
BETWEEN = ("ops", "planner", "manager")
ROLES = [
    pytest.param("viewer", 16, id="viewer, every sixteenth", marks=pytest.mark.part),
    *(pytest.param(role, 1, id=role, marks=pytest.mark.full) for role in ("viewer", "admin")),
    # What they see is decided by the same rules, so that each asks a third of every fourth page.
    *(pytest.param(role, 12, id=f"{role}, every twelfth", marks=pytest.mark.full) for role in BETWEEN),
]
WRITES = ("post", "put", "patch", "delete")
PK = re.compile(r"(?<=/)(\d+)(?=/)")


@pytest.fixture
def limited(rows_of_all_kinds, user_of, client_of):
    """A client of a user with this role who sees the sites that there are now, and one of somebody who sees all."""

    def make(role):
        # Whoever sees everything signs in first, since that changes what is said of them.
        everywhere = client_of("manager" if role == "admin" else "admin")
        user, client = user_of(role), client_of(role)
        for region in Region.objects.filter(parent=None):
            user.access_scopes.create(kind="region", slug=region.slug)
        client.raise_request_exception = everywhere.raise_request_exception = False
        return client, everywhere

    return make


def add_other_fleet():
    mirror.add()
    # Its scopes are those of others, or the reader would see it.
    mirror.copies(AccessScope).exclude(user__username="elsewhere").delete()


def of_the_other_fleet(paths):
    """Return the addresses of the same objects in the other fleet, where a path names one."""
    slugs = "|".join(map(re.escape, Site.objects.values_list("slug", flat=True)))
    slug = re.compile(rf"(?<=[/=])({slugs})(?=[/&]|$)")
    others = [
        slug.sub(rf"{MARK}-\1", PK.sub(lambda pk: str(int(pk[1]) + mirror.SHIFT), path)) for path in paths
    ]
    return [other for other, path in zip(others, paths, strict=True) if other != path]


def searches():
    return [f"{path}?q={MARK}&limit=1000" for path, _view in lists()] + [
        f"/search/?q={MARK}",
        f"/history/?actor={MARK}",
    ]


def test_the_other_fleet_has_a_row_of_each_kind(rows_of_all_kinds):
    mirror.add()
    missing = [model._meta.label for model in mirror.ruled_models() if not mirror.copies(model).exists()]
    assert missing == ["demo.DemoFleet"], "of which there is one"


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("role", "step"), ROLES)
def test_a_reader_with_scopes_is_told_the_same_whatever_lies_outside(role, step, limited, paths):
    client, everywhere = limited(role)
    asks_most = role == ASKS_MOST
    first = 4 * BETWEEN.index(role) if role in BETWEEN else 0
    before = found_by(client, [*paths, *addresses()]) if asks_most else {}
    # What a link led to is another object's page of the same kind, and seen as well as the one named here.
    led_to = {kind_of(address) for address, (status, _where, _text) in before.items() if status == 200}
    named = [path for path in paths if kind_of(path) not in led_to]
    asked = [*named, *of_the_other_fleet(paths), *searches()] if asks_most else paths[first::step]
    before |= {address: ask(client, address) for address in asked if address not in before}
    add_other_fleet()
    # What is kept between requests is kept of everything now.
    warmed = [ask(everywhere, address)[0] for address in paths] if asks_most else []
    assert [status for status in warmed if status >= 500] == []
    after = {address: ask(client, address) for address in before}
    assert {address: was[0] for address, was in before.items() if was[0] >= 500} == {}
    told = {address: text.casefold() for address, (_, _, text) in after.items()}
    assert [address for address, text in told.items() if MARK in text and MARK not in address] == []
    assert [address for address, was in before.items() if after[address] != was] == []
    assert len(before) > 400 / step


@pytest.mark.full
def test_a_writer_with_scopes_writes_as_if_there_were_nothing_else(limited, paths):
    client, _everywhere = limited("admin")
    others = of_the_other_fleet(paths)
    tries = [
        (path, method) for path in others for method in WRITES if method == "post" or path.startswith("/api/")
    ]
    bodies = [b"{}", b'{"site": {"slug": "%s-porto"}, "device": %d}' % (MARK.encode(), mirror.SHIFT + 1)]
    lists_of = [path for path, _view in lists()]

    def answer(path, method, body):
        status, _where, text = ask(client, path, method, data=body, content_type="application/json")
        # What was made has another number each time, whatever becomes of it.
        return path, method, status, text if status >= 400 else ""

    def answers():
        yield from (answer(path, method, b"{}") for path, method in tries)
        yield from (answer(path, "post", body) for path in lists_of for body in bodies)

    before = list(answers())
    add_other_fleet()
    after = list(answers())
    assert [answer for answer in before if answer[2] >= 500] == []
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == []


# A table without its rule, and where that shows.
SHOWN_AT = {
    "inventory_region": "/api/inventory/regions/",
    "inventory_accelerator": "/api/inventory/accelerators/",
    "evidence_declaredlimit": "/evidence/limits/?export=csv",
    "telemetry_source": "/telemetry/",
    "tradeoffs_portfoliorun": "/tradeoffs/portfolio/",
    "scoring_scorepoint": "/readiness/trends/",
    "audit_entry": "/api/history/?limit=1000",
}


def test_a_kind_that_forgets_its_rule_is_noticed(limited):
    client, _everywhere = limited("viewer")
    before = {address: ask(client, address) for address in SHOWN_AT.values()}
    add_other_fleet()
    assert {address: ask(client, address) for address in before} == before
    unnoticed = []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL lock_timeout = 0")
        for table, address in SHOWN_AT.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            cache.clear()
            if ask(client, address) == before[address]:
                unnoticed.append(table)
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    assert unnoticed == []


def test_a_name_that_is_taken_outside_is_refused_as_taken(limited, client_of):
    client, _everywhere = limited("planner")
    add_other_fleet()
    region = Region.objects.filter(pk__lt=mirror.SHIFT, parent=None).first()
    statuses = {}
    for name in ("zentinel-Porto", "Porto"):
        body = {"name": name, "slug": "new", "region": region.pk, "country": "PT"}
        answer = client.post("/api/inventory/sites/", body, content_type="application/json")
        statuses[name] = answer.status_code
    assert {name: status for name, status in statuses.items() if status not in {400, 409}} == {}
