import pytest

from tests.inventory import made


@pytest.fixture(autouse=True)
def _floors(settings):
    settings.ROOT_URLCONF = "tests.web.rest.urls"


@pytest.fixture
def europe(db):
    return made.region(name="Europe", slug="europe")


@pytest.fixture
def lisbon(europe):
    return made.site(
        name="Lisbon",
        slug="lis-1",
        region=europe,
        country="PT",
        kind="core",
        profiles=["training"],
        contracted_kw=5000.0,
    )


@pytest.fixture
def porto(europe):
    return made.site(name="Porto", slug="opo-1", region=europe, country="PT", kind="edge", stage="building")
