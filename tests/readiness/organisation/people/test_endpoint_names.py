"""Endpoints of objects that name a person are open to nobody who may not see names."""

import pytest
from django.contrib.auth.models import Group, Permission

from tests.inventory import made
from tests.readiness.organisation.people import every

pytestmark = pytest.mark.django_db
NAMING = (
    "qualifications",
    "skill-exemptions",
    "trainings",
    "memberships",
    "layer-members",
    "leave",
    "participants",
)


@pytest.mark.parametrize("kind", NAMING)
def test_seeing_the_rows_is_not_enough(kind, frozen_now, viewer, api_of):
    """A role that somebody made may hold the permission of the model alone."""
    every.of_each_kind_by_strangers(made.site(), viewer)
    own = Group.objects.create(name="Trainers")
    own.permissions.set(
        Permission.objects.filter(content_type__app_label="people").exclude(codename="view_person")
    )
    viewer.groups.add(own)
    answer = api_of("viewer").get(f"/api/people/{kind}/")
    assert (answer.status_code, "people.view_person" in answer.json()["detail"]) == (403, True)
