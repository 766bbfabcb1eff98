"""The endpoint of incidents refers to sites and classes as the others do, and still takes their slugs."""

import pytest

from tests.inventory import made
from tests.web.kinds.samples import workload_class

pytestmark = pytest.mark.django_db


def test_a_site_is_written_by_slug_id_or_object_and_read_as_an_object(api_of):
    site, chat = made.site(name="Porto", slug="porto"), workload_class(slug="chat")
    api, address = api_of("ops"), "/api/loop/incidents/"
    for written in ("porto", site.pk, {"slug": "porto"}, {"id": site.pk}):
        body = {"site": written, "title": "Hall 2 went dark", "workloads": ["chat"]}
        answer = api.post(address, body)
        assert answer.status_code == 201, answer.text
        incident = answer.json()
        assert (incident["site"]["slug"], incident["workloads"][0]["id"]) == ("porto", chat.pk)
        written_back = {name: incident[name] for name in ("site", "title", "began_at", "workloads")}
        one = f"{address}{incident['id']}/"
        assert api.patch(one, written_back).status_code == 200
    other = made.site(slug="lisbon")
    refused = api.patch(one, {"site": "lisbon"})
    assert (refused.status_code, "cannot be changed" in refused.text) == (400, True)
    for wrong in ("nowhere", "no slug", "porto\0", [], True):
        refused = api.post(address, {"site": wrong, "title": "Dark"})
        assert (refused.status_code, list(refused.json())) == (400, ["site"]), wrong
    assert other.incidents.count() == 0
