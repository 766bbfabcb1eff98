"""Links in answers begin with the configured address, whatever a request calls the host."""

import pytest

from tests.inventory import made

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("configured", "base"),
    [("", "http://elsewhere.example"), ("https://muster.example.com", "https://muster.example.com")],
    ids=["as asked", "as configured"],
)
def test_links_begin_with_the_configured_address(api_of, settings, configured, base):
    settings.BASE_URL = configured
    for place in range(2):
        made.site(name=f"Site {place}")
    answer = (
        api_of("viewer").get("/api/inventory/sites/?limit=1", headers={"host": "elsewhere.example"}).json()
    )
    assert answer["next"] == f"{base}/api/inventory/sites/?limit=1&offset=1"
    [site] = answer["results"]
    assert site["url"] == f"{base}/api/inventory/sites/{site['id']}/"
