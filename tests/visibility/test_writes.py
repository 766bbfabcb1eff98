"""Whoever writes within a scope changes nothing outside of it, by no operation of the API and by no form.

Each write is tried on a row inside, on one outside, on one that moves in or out, and on one of the whole installation.
"""

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection
from django.urls import Resolver404, resolve

from accounts.models import AccessScope
from inventory.models import Region
from readiness.organisation.people.models import RotationChange
from tests.visibility import mirror, writes
from tests.visibility.asking import ask
from tests.visibility.outside import HOMES, Outside, placed
from tests.visibility.scene import guards
from tests.web.routes.test_every_route import OFFERED, ROLE_OF, Reader, asked_for, paths_of, walked
from web import policies
from web.kinds.kind import KIND_OF
from web.policies import rule_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]
WRITERS = ("ops", "planner", "manager")
REFUSED = {400, 403, 404, 405, 409, 412, 415, 422}
# What they write is what the reader sees of it all, or nothing.
OF_NO_OBJECT = {"api/telemetry/set-aside/retry-all/", "api/tradeoffs/workloads/check/"}


def homed_models():
    return [model for model in placed() if {each.name for each in model._meta.fields} >= HOMES]


def give_homes():
    """What the fleet has is at home in its first region, and what is beside it in that of the other fleet."""
    region = Region.objects.filter(parent=None).order_by("pk").first()
    for model in homed_models():
        model._base_manager.filter(home_region=None, home_site=None).update(home_region=region)


def add_other_fleet():
    """And rows without a home, which are the whole installation's."""
    mirror.add(also=[model for model in apps.get_models() if model in placed() and rule_of(model).is_open])
    with pgtrigger.ignore(*guards()), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for model in homed_models():
            marks = mirror._marks(model, unique_only=True)
            others = {
                name: f"CASE \"{name}\" WHEN '' THEN '' ELSE 'x' || {each} END"
                for name, each in marks.items()
            }
            mirror._insert(model, {}, writes.SHARED, others | {f"{home}_id": "NULL" for home in HOMES})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    mirror.copies(AccessScope).exclude(user__username="elsewhere").delete()
    # Whoever writes shifts writes all that are due.
    RotationChange.objects.all().delete()


@pytest.fixture
def writers(rows_of_all_kinds, user_of, client_of):
    """An administrator who sees everything, and a client of each role that writes in the regions there are now."""
    everywhere = client_of("viewer")
    everywhere.force_login(user_of("admin", username="everywhere"))
    regions = [*Region.objects.filter(parent=None)]
    clients = {}
    for role in (*WRITERS, "admin"):
        user, clients[role] = user_of(role), client_of(role)
        for region in regions:
            user.access_scopes.create(kind="region", slug=region.slug)
    with pgtrigger.ignore(*guards()):
        give_homes()
    add_other_fleet()
    for client in (everywhere, *clients.values()):
        client.raise_request_exception = False
    return everywhere, clients


class Round:
    """Attempts in turn by each role that may make them; `faults` are those that wrote outside or were not refused."""

    def __init__(self, writers, user_of):
        self.everywhere, self.clients = writers
        self.writers = [user_of(role) for role in self.clients]
        self.outside = Outside(self.writers)
        self.permissions = asked_for()
        self.faults, self.cases, self.written = {}, {}, {}

    def role_of(self, number, attempt):
        needed = self.permissions.get((attempt.route, attempt.method), [])
        able = [role for role in WRITERS if all(map(ROLE_OF[role].may, needed))]
        return [*able, "admin"][number % (len(able) + 1)]

    def go(self, routes):
        for number, attempt in enumerate(writes.attempts(routes, self.everywhere, self.writers)):
            role = self.role_of(number, attempt)
            status, changed, wrote = writes.tried(self.clients[role], attempt, self.outside)
            self.cases[attempt.case] = self.cases.get(attempt.case, 0) + 1
            if fault := fault_of(attempt, status, changed):
                self.faults[f"{role} {attempt.name}"] = fault
            if wrote:
                self.written[attempt.case] = self.written.get(attempt.case, 0) + 1
        return self


def fault_of(attempt, status, changed):
    if status >= 500:
        return f"{status}"
    if changed:
        return f"{status}: changed {', '.join(sorted(changed))}"
    is_accepted = status not in REFUSED and not attempt.is_form and attempt.route not in OF_NO_OBJECT
    return f"{status}" if is_accepted and attempt.case != writes.IN else ""


# A kind that forgets its rule: what it is written by, and the model whose rule is taken away. Racks and the like are
# joined with their site where they are found, so that the rule of sites holds them even then.
FORGETFUL = {
    "api/inventory/regions/(?P<pk>[0-9]+)/": "inventory.Region",
    "people/trainings/<int:pk>/delete/": "people.Training",
    "api/people/teams/(?P<pk>[0-9]+)/": "people.Team",
    "people/leave/<int:pk>/edit/": "people.Leave",
    "api/people/qualifications/": "people.Qualification",
    "people/skills/<int:pk>/edit/": "people.Skill",
    "api/readiness/limits/": "evidence.DeclaredLimit",
}


@pytest.fixture
def forget():
    """`forget(model)` makes a kind one that everybody reads and writes, as long as the test lasts."""
    with pytest.MonkeyPatch.context() as patched:

        def forget(model):
            for name in ("VISIBLE_WHERE", "WRITABLE_WHERE"):
                patched.setattr(model, name, "true", raising=False)
            patched.setattr(model, "WRITABLE_BY", (), raising=False)
            rule_of.cache_clear()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(policies._statement_of(model))

        yield forget
    rule_of.cache_clear()


@pytest.mark.full
def test_a_kind_that_forgets_its_rule_is_noticed(writers, user_of, forget):
    tried = Round(writers, user_of)
    routes = [pair for pair in writes.routes() if pair[0] in FORGETFUL]
    assert {route for route, _view in routes} == set(FORGETFUL)
    assert tried.go(routes).faults == {}
    for label in FORGETFUL.values():
        forget(apps.get_model(label))
    noticed = {route for route in FORGETFUL if any(route in name for name in tried.go(routes).faults)}
    assert noticed == set(FORGETFUL)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(12, id="every twelfth", marks=pytest.mark.part),
        pytest.param(1, id="all", marks=pytest.mark.full),
    ],
)
def test_no_write_changes_a_row_outside(step, writers, user_of):
    tried = Round(writers, user_of).go([*writes.routes()][::step])
    print(tried.cases, tried.written)
    print("FAULTS", *tried.faults.items(), sep="\n")
    assert tried.faults == {}


class Offers:
    """What pages lead a user to, by the route that it goes to."""

    def __init__(self, reader, permissions):
        self.reader, self.permissions, self.of_page = reader, permissions, {}

    def go(self, paths):
        for path in paths:
            text = self.reader.ask(path)[1]
            if isinstance(text, bytes) and text.lstrip().startswith(b"<!"):
                for attribute, address in OFFERED.findall(text.decode()):
                    self._note(path, attribute, address)
        return self

    def _note(self, path, attribute, address):
        try:
            route = resolve(address).route
        except Resolver404:
            return
        method = "GET" if attribute in {"href", "hx-get"} else "POST"
        needed = self.permissions.get((route, "POST"), []) + self.permissions.get((route, method), [])
        if any(".view_" not in name for name in needed):
            self.of_page.setdefault((method, address), path)

    def refused(self, client):
        """Offers that the scope then refuses, with the page that makes them."""
        for (method, address), path in self.of_page.items():
            status, _where, text = ask(client, address, method.lower())
            if status == 403 and "lie" in text and "outside your scope" in text:
                yield path, method, address


@pytest.mark.full
def test_pages_offer_only_what_the_scope_allows(writers):
    _everywhere, clients = writers
    shared = [kind.url("detail", obj) for kind, obj in shared_objects()]
    pages = [path for route, view in walked() if "api/" not in route for path in paths_of(route, view)]
    offers = Offers(Reader(clients["admin"], {}), asked_for()).go([*pages, *shared])
    assert [*offers.refused(clients["admin"])] == []
    assert len(offers.of_page) > 300


def shared_objects():
    """One of each kind that everybody reads and an account without scopes alone writes."""
    for kind in KIND_OF.values():
        if "detail" in kind.pages and kind.model in {*homed_models()}:
            yield kind, kind.rows().get(pk=kind.model._base_manager.order_by("pk").last().pk)
