"""The API browser works under the policy of every other page."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


def test_the_api_browser_lists_endpoints_and_breaks_no_policy(signed_in):
    one = signed_in("viewer")
    page = one.open("/api/docs/")
    page.locator(".opblock-summary-path").first.wait_for(timeout=60_000)
    # The browser draws only what is in view; the schema behind it has them all.
    assert page.locator(".opblock").count() > 5
    schema = page.request.get(page.url.replace("/api/docs/", "/api/schema/") + "?format=json").json()
    assert len(schema["paths"]) > 50
    page.locator(".opblock-summary-control").first.click()
    page.locator(".opblock-body").first.wait_for()
    assert one.refusals == []
