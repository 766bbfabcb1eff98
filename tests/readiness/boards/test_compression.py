"""Pages and charts are small on the wire, and one that did not change is not sent again."""

import gzip

import pytest

from tests.browser import fleet
from tests.readiness.assessment.scoring.stored import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("judged_now")]


@pytest.mark.parametrize("path", ["/fleet/", "/fleet/charts/gap.json"])
def test_a_page_is_compressed_and_keeps_its_tag(viewer_pages, path):
    fleet.build(NOW, sites=24)
    plain = viewer_pages.get(path)
    sent = viewer_pages.get(path, headers={"accept-encoding": "gzip, br"})
    assert sent["Content-Encoding"] == "gzip"
    assert len(sent.content) < len(plain.content) / 3
    assert len(gzip.decompress(sent.content)) == len(plain.content)
    # Weak, since its bytes are others; it says that the page is the same.
    assert sent["ETag"].startswith("W/")


def test_a_live_region_that_did_not_change_is_not_sent_again(viewer_pages):
    fleet.build(NOW, sites=3)
    asked = {"accept-encoding": "gzip", "hx-request": "true", "hx-target": "div#live"}
    first = viewer_pages.get("/fleet/", headers=asked)
    again = viewer_pages.get("/fleet/", headers=asked | {"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
