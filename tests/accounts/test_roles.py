"""What each role may do, as the table beside this file has it; the permissions are those of the apps above."""

from pathlib import Path

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.backends import ScopedBackend
from accounts.models import User
from accounts.operations import UnknownRole, create_user, set_role
from accounts.queries import role_of
from accounts.roles import ROLES, make_roles
from tests.conftest import NOW

TABLE = Path(__file__).with_name("roles.txt")


def test_each_role_holds_the_permissions_of_the_table(user_of):
    """Administrators, who hold all of them, are held to what their group gives to one who is no superuser."""
    plain = create_user(username="plain", role="viewer", by=None, now=NOW)
    plain.groups.set([Group.objects.get(name="admin")])
    users = {role: plain if role == "admin" else user_of(role) for role in ROLES}
    held = {role: user.get_all_permissions() for role, user in users.items()}
    roles = {
        permission: [role for role in ROLES if permission in held[role]]
        for permission in sorted(user_of("admin").get_all_permissions())
    }
    lines = [" ".join([permission, *names]) for permission, names in roles.items() if names != ["admin"]]
    assert lines == TABLE.read_text().splitlines()


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
        UnknownRole, match="'boss' is not a role; the roles are viewer, ops, planner, manager, admin"
    ):
        set_role(ops, role="boss", by=None, now=NOW)


def test_a_session_s_user_brings_the_permissions_of_role_and_person(viewer, django_assert_num_queries):
    viewer.user_permissions.add(Permission.objects.get(codename="add_region"))
    loaded = ScopedBackend().get_user(viewer.pk)
    with django_assert_num_queries(0):
        permissions = loaded.get_all_permissions()
    assert permissions == ModelBackend().get_all_permissions(User.objects.get(pk=viewer.pk))
    assert "inventory.add_region" in permissions


def test_a_session_s_user_who_is_a_superuser_may_do_everything(viewer):
    User.objects.filter(pk=viewer.pk).update(is_superuser=True)
    assert ScopedBackend().get_user(viewer.pk).has_perm("inventory.delete_site")
