"""Django's admin of the inventory: it opens, and costs the same however many rows it lists."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.inventory import made

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.inventory.admin_urls")]


@pytest.fixture
def staff(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("kind", list(made.MAKERS))
def test_lists_and_forms_open_at_a_fixed_cost(kind, staff) -> None:
    thing = made.MAKERS[kind]()
    names = f"admin:inventory_{thing._meta.model_name}"
    assert staff.get(reverse(f"{names}_change", args=[thing.pk])).status_code == 200
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(reverse(f"{names}_changelist"), {"q": "e"}).status_code == 200
        counts.append(len(queries))
        for _ in range(5):
            made.MAKERS[kind]()
    assert counts[0] == counts[1]
