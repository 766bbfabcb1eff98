"""A program of the role ops, and a mail server that takes everything."""

import pytest


@pytest.fixture(autouse=True)
def _mail_server(settings, frozen_now):
    settings.MAIL_HOST = "mail.example.org"


@pytest.fixture
def api(api_of):
    return api_of("ops")
