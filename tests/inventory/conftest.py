"""Who asks: an administrator and a viewer, by session or through the API."""

import pytest
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient


@pytest.fixture
def admin(db):
    return get_user_model().objects.create_superuser("admin", password="not a real one")


@pytest.fixture
def api(admin) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin)
    return client
