import pytest


@pytest.fixture(autouse=True)
def _floors(settings):
    settings.ROOT_URLCONF = "tests.accounts.urls"
