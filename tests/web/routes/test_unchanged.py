"""A live region or a chart that did not change is not sent again."""

import pytest

from tests.cases import in_steps
from tests.web.routes.test_every_route import paths

__all__ = ["paths"]
pytestmark = pytest.mark.django_db
LOOKED_AT = {"/", "/fleet/", "/waivers/", "/telemetry/", "/readiness/", "/telemetry/explore/chart.json"}
LIVE = {"HX-Request": "true", "HX-Target": "div#live"}


@in_steps
def test_what_did_not_change_is_answered_with_nothing(paths, client_of, step):
    client = client_of("viewer")
    client.raise_request_exception = False
    kept, sent_again = set(), {}
    for number, path in enumerate(paths):
        if number % step and path.partition("?")[0] not in LOOKED_AT:
            continue
        first = client.get(path, headers=LIVE)
        # A whole page has a token of its own each time.
        if path.startswith("/api/") or "ETag" not in first or b"<html" in first.content:
            continue
        kept.add(path)
        again = client.get(path, headers=LIVE | {"If-None-Match": first["ETag"]})
        if (again.status_code, again.content) != (304, b""):
            sent_again[path] = again.status_code
    assert sent_again == {}
    assert {path.partition("?")[0] for path in kept} >= LOOKED_AT
    assert len(kept) > 80 / step
