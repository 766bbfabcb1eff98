from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.operations import create_token


@pytest.fixture
def form_of(user_of):
    """A program that sends forms with a token of that role."""

    def one(role, scope="write"):
        _, plain = create_token(user=user_of(role), name="forms", scope=scope, by=None, now=datetime.now(UTC))
        return Client(headers={"authorization": f"Bearer {plain}"}, raise_request_exception=False)

    return one
