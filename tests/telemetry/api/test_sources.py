"""/api/telemetry/sources/: made, changed, paused; the token is answered once."""

import pytest

from accounts.operations import authenticate_token
from telemetry.models import Replica, Source
from tests.inventory import made

pytestmark = pytest.mark.django_db
URL = "/api/telemetry/sources/"


@pytest.fixture
def api(api_of):
    return api_of("ops")


def test_a_new_source_is_answered_with_its_token_and_never_again(api, porto, frozen_now):
    made_source = api.post(
        URL, {"name": "porto prometheus", "site": {"slug": "porto"}, "cadence_s": 15}
    ).json()
    token = authenticate_token(made_source["token"], now=frozen_now.at)
    assert token.scope == "ingest"
    assert made_source["site"]["slug"] == "porto"
    assert made_source["state"] == {"value": "waiting", "label": "Waiting for the first sample"}
    again = api.get(f"{URL}{made_source['id']}/").json()
    assert "token" not in again
    assert again["token_prefix"] == token.prefix
    assert again["display_url"].endswith(f"/telemetry/sources/{made_source['id']}/")


def test_several_sources_at_once_each_get_their_token(api, porto, frozen_now):
    bodies = [{"name": name, "site": {"slug": "porto"}} for name in ("one", "two")]
    answered = api.post(URL, bodies).json()
    assert len({source["token"] for source in answered}) == 2


def test_of_several_sources_a_bad_one_is_named_and_none_is_made(api, porto):
    bodies = [{"name": "one", "site": {"slug": "porto"}}, {"name": "two"}]
    response = api.post(URL, bodies)
    assert response.status_code == 400
    assert list(response.json()) == ["1"]
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"site": {"slug": "porto"}}, "name"),
        ({"name": "x", "site": {"slug": "nowhere"}}, "site"),
        ({"name": "x"}, "non_field_errors"),
        ({"name": "x", "site": {"slug": "porto"}, "site_label": "site"}, "non_field_errors"),
        ({"name": "x", "site": {"slug": "porto"}, "cadence_s": 0}, "cadence_s"),
        ({"name": "x", "site": {"slug": "porto"}, "cadence_s": -1}, "cadence_s"),
        ({"name": "x", "site": {"slug": "porto"}, "provenance": "guessed"}, "provenance"),
        ({"name": "x", "site": {"slug": "porto"}, "unit_scale": {"up": 0}}, "unit_scale"),
        ({"name": "x", "site": {"slug": "porto"}, "unit_scale": ["up"]}, "unit_scale"),
    ],
)
def test_a_refusal_names_the_field(api, porto, body, field):
    response = api.post(URL, body)
    assert response.status_code == 400, response.content
    assert field in response.json()


def test_a_taken_name_is_refused(api, sender):
    response = api.post(URL, {"name": sender.source.name, "site": {"slug": "porto"}})
    assert response.status_code == 400
    assert "name" in response.json()


def test_a_label_may_name_the_site(api):
    answered = api.post(URL, {"name": "central", "site_label": "site"}).json()
    assert answered["site"] is None
    assert answered["site_label"] == "site"


def test_changing_the_site_matches_the_series_anew(api, sender):
    sender.deliver(("up", 1.0, 0))
    lisbon = made.site(slug="lisbon")
    api.patch(f"{URL}{sender.source.pk}/", {"site": {"slug": "lisbon"}})
    assert set(sender.source.series.values_list("site", flat=True)) == {lisbon.pk}


def test_pause_and_resume_change_the_state_and_are_flips(api, sender):
    assert api.post(f"{URL}{sender.source.pk}/pause/").json()["state"]["value"] == "paused"
    assert api.post(f"{URL}{sender.source.pk}/resume/").json()["state"]["value"] == "waiting"
    flips = api.get("/api/telemetry/flips/?source=porto prometheus&ordering=id").json()["results"]
    went = [(flip["from_state"]["value"], flip["to_state"]["value"]) for flip in flips]
    assert went == [("waiting", "paused"), ("paused", "waiting")]


@pytest.mark.parametrize("step", ["pause", "resume", "rotate-token"])
def test_a_step_refuses_a_body_that_it_would_not_read(api, sender, step):
    before = Source.objects.get(pk=sender.source.pk)
    refused = api.post(f"{URL}{sender.source.pk}/{step}/", {"until": "tomorrow"})
    assert refused.status_code == 400
    assert refused.json() == {"detail": "This address takes no body: until. Send it empty."}
    after = Source.objects.get(pk=sender.source.pk)
    assert (after.paused, after.token_id) == (before.paused, before.token_id)
    assert api.post(f"{URL}{sender.source.pk}/{step}/", {}).status_code == 200


def test_a_rotated_token_replaces_the_one_before(api, sender, frozen_now):
    answered = api.post(f"{URL}{sender.source.pk}/rotate-token/")
    assert authenticate_token(answered.json()["token"], now=frozen_now.at)
    assert answered["Cache-Control"] == "no-store"
    assert authenticate_token(sender.source.plain_token, now=frozen_now.at) is None


def test_a_deleted_source_takes_its_series_along_and_its_token_opens_nothing(api, sender, frozen_now):
    sender.deliver(("up", 1.0, 0))
    assert api.delete(f"{URL}{sender.source.pk}/").status_code == 204
    assert not Source.objects.exists()
    assert authenticate_token(sender.source.plain_token, now=frozen_now.at) is None


def test_sources_are_filtered_by_state(api, sender, source_of, porto):
    source_of(porto, name="paused one")
    api.post(f"{URL}{sender.source.pk}/pause/")
    found = [source["name"] for source in api.get(f"{URL}?state=paused").json()["results"]]
    assert found == ["porto prometheus"]
    waiting = api.get(f"{URL}?state=waiting").json()["results"]
    assert [source["name"] for source in waiting] == ["paused one"]
    assert api.get(f"{URL}?state=asleep").status_code == 400


def test_replicas_are_answered_with_since_when_each_sends(
    api, porto, source_of, frozen_now, django_assert_max_num_queries
):
    for number in range(4):
        source = source_of(porto, replica_label="replica", name=f"pair {number}")
        for replica in range(1, number + 1):
            Replica.objects.create(
                source=source, number=replica, name=f"p{replica}", first_sample_at=frozen_now.at
            )
    with django_assert_max_num_queries(14):
        results = api.get(URL).json()["results"]
    assert [len(result["replicas"]) for result in results] == [0, 1, 2, 3]
    assert results[1]["replicas"] == [
        {
            "id": Replica.objects.filter(source=results[1]["id"]).get().pk,
            "name": "p1",
            "first_sample_at": results[1]["replicas"][0]["first_sample_at"],
            "last_sample_at": None,
            "silent_since": None,
            "contradicts_since": None,
            "contradiction": "",
            "is_beyond": False,
        }
    ]
    response = api.patch(f"{URL}{source.pk}/", {"replica_label": "__name__"})
    assert response.status_code == 400
