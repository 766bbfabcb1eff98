"""Whoever writes within a scope changes nothing outside of it, by no operation of the API and by no form.

Each write is tried on a row inside, on one outside, on one that moves in or out, and on one of the whole installation.
"""

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection

from accounts.models import AccessScope
from inventory.models import Region
from tests.visibility import mirror, writes
from tests.visibility.outside import HOMES, Outside, placed
from tests.visibility.scene import guards
from tests.web.routes.test_every_route import ROLE_OF, asked_for
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
            others = {name: f"CASE \"{name}\" WHEN '' THEN '' ELSE 'x' || {each} END" for name, each in marks.items()}
            mirror._insert(model, [], writes.SHARED, others | {f"{home}_id": "NULL" for home in HOMES})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    mirror.copies(AccessScope).exclude(user__username="elsewhere").delete()


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

    def __init__(self, writers, user_of, step=1):
        self.everywhere, self.clients = writers
        self.writers = [user_of(role) for role in self.clients]
        self.outside, self.step = Outside(self.writers), step
        self.permissions = asked_for()
        self.faults, self.cases, self.written = {}, {}, {}

    def role_of(self, number, attempt):
        needed = self.permissions.get((attempt.route, attempt.method), [])
        able = [role for role in WRITERS if all(map(ROLE_OF[role].may, needed))]
        return [*able, "admin"][number % (len(able) + 1)]

    def go(self, only=lambda attempt: True):
        listed = filter(only, writes.attempts(self.everywhere, self.writers, self.step))
        for number, attempt in enumerate(listed):
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


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(12, id="every twelfth", marks=pytest.mark.part),
        pytest.param(1, id="all", marks=pytest.mark.full),
    ],
)
def test_no_write_changes_a_row_outside(step, writers, user_of):
    tried = Round(writers, user_of, step).go()
    print(tried.cases, tried.written)
    print("FAULTS", *tried.faults.items(), sep="\n")
    assert tried.faults == {}
