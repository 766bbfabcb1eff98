"""What each role may do, as one table; the permissions are those of the apps above."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.operations import UnknownRole, create_user, set_role
from accounts.queries import role_of
from accounts.roles import ROLES, make_roles
from tests.conftest import NOW

EVERYONE = {"viewer", "ops", "planner", "manager", "admin"}
MAY = {
    "inventory.view_site": EVERYONE,
    "telemetry.view_source": EVERYONE,
    "telemetry.view_series": EVERYONE,
    "scoring.view_checkresult": EVERYONE,
    "framework.view_frameworkversion": EVERYONE,
    "framework.change_frameworkversion": {"planner", "admin"},
    "framework.publish_frameworkversion": {"manager", "admin"},
    "workloads.view_workloadclass": EVERYONE,
    "jurisdiction.view_rule": EVERYONE,
    "jurisdiction.change_rulepack": {"planner", "admin"},
    "jurisdiction.publish_rulepack": {"manager", "admin"},
    "telemetry.add_source": {"ops", "admin"},
    "telemetry.change_source": {"ops", "admin"},
    "telemetry.delete_source": {"ops", "admin"},
    "inventory.change_device": {"ops", "planner", "admin"},
    "inventory.add_device": {"planner", "admin"},
    "inventory.change_accelerator": {"ops", "planner", "admin"},
    "inventory.change_site": {"planner", "manager", "admin"},
    "inventory.delete_site": {"planner", "admin"},
    "workloads.add_placement": {"planner", "admin"},
    "scoring.change_sitescore": {"ops", "planner", "admin"},
    "evidence.view_validationrun": EVERYONE,
    "evidence.add_validationrun": {"ops", "planner", "admin"},
    "evidence.delete_validationrun": {"admin"},
    "evidence.change_validationrun": {"planner", "admin"},
    "evidence.add_attestation": {"ops", "planner", "admin"},
    "evidence.delete_attestation": {"admin"},
    "evidence.delete_recordedfact": {"ops", "planner", "admin"},
    "evidence.change_floor": {"planner", "admin"},
    "evidence.add_declaredlimit": {"planner", "admin"},
    "tradeoffs.add_sitefactor": {"planner", "admin"},
    "tradeoffs.delete_exchangerate": {"planner", "admin"},
    "grants.view_grant": EVERYONE,
    "grants.add_grant": {"ops", "planner", "admin"},
    "grants.approve_grant": {"manager", "admin"},
    "accounts.view_user": {"manager", "admin"},
    "accounts.add_user": {"admin"},
    "accounts.change_user": {"admin"},
    "accounts.view_token": {"admin"},
    "auth.change_group": {"admin"},
}


@pytest.mark.parametrize("role", sorted(EVERYONE))
@pytest.mark.parametrize("permission", sorted(MAY))
def test_role_has_permission(user_of, role, permission):
    assert user_of(role).has_perm(permission) == (role in MAY[permission])


@pytest.mark.parametrize("permission", sorted(MAY))
def test_group_of_admin_has_it_without_being_superuser(db, permission):
    user = create_user(username="plain", role="viewer", by=None, now=NOW)
    user.groups.set([Group.objects.get(name="admin")])
    assert user.has_perm(permission)


def test_roles_are_made_after_migrating(db):
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


def test_making_roles_again_undoes_what_was_changed_by_hand_and_keeps_members(viewer):
    group = Group.objects.get(name="viewer")
    before = set(group.permissions.values_list("pk", flat=True))
    group.permissions.clear()
    make_roles()
    assert set(group.permissions.values_list("pk", flat=True)) == before
    assert role_of(viewer) == "viewer"


def test_making_roles_again_writes_nothing(db):
    with CaptureQueriesContext(connection) as asked:
        make_roles()
    verbs = {query["sql"].split()[0] for query in asked.captured_queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE"}


def test_migrating_anew_makes_roles(db):
    Group.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


def test_a_role_replaces_the_one_before_and_other_groups_stay(ops):
    ops.groups.add(Group.objects.create(name="night shift"))
    set_role(ops, role="planner", by=None, now=NOW)
    assert set(ops.groups.values_list("name", flat=True)) == {"planner", "night shift"}


def test_an_unknown_role_is_refused_by_name(ops):
    with pytest.raises(
        UnknownRole, match="'boss' is no role; there are viewer, ops, planner, manager, admin"
    ):
        set_role(ops, role="boss", by=None, now=NOW)
