"""Who is on a problem, who was told, and what is done about it from its panel and from the page of its alert."""

import pytest
from django.urls import reverse

from readiness.boards.alerts.told import MOST_TOLD
from readiness.loop.alerts.core.kinds import AlertKind
from readiness.loop.alerts.core.routes import SUBSCRIBER
from readiness.loop.alerts.models import Alert, AlertEvent, Notice
from tests.conftest import make_user
from tests.pages import statements, words_of
from tests.readiness.loop.alerts.made import MINUTE, NOW, alert_of, loaded_site, look, open_alert, problem
from tests.readiness.organisation.people import made as people
from tests.web.delivery import made as delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def hamburg():
    return loaded_site(name="Hamburg", slug="ham")


@pytest.fixture(autouse=True)
def _at_the_time(frozen_now):
    frozen_now.at = NOW + 2 * MINUTE


@pytest.fixture
def hot(hamburg):
    row = problem(hamburg, title="GPU 17 is too hot")
    look()
    return row


@pytest.fixture
def ops(client_of):
    return client_of("ops")


def list_of(client, **params):
    return words_of(client.get(reverse("problems"), params))


def panel_of(client, row):
    return words_of(client.get(reverse("problems"), {"problem": row.pk}))


def test_nobody_is_on_a_problem_of_which_nobody_could_be_told(ops, hot):
    assert "No one" in list_of(ops)
    assert "not acknowledged" in panel_of(ops, hot)


def test_an_acknowledgement_says_who_is_on_it_and_until_when(ops, hot):
    alert = alert_of(hot)
    address = f"/problems/?problem={hot.pk}"
    response = ops.post(reverse("alert-acknowledge", args=[alert.pk]), {"hours": 4, "back": address})
    assert response.status_code == 302
    assert response.url == address
    alert.refresh_from_db()
    assert (alert.standing, alert.acknowledged_by.username) == ("acknowledged", "ops")
    assert "ops acknowledged" in panel_of(ops, hot)
    assert "No one" not in list_of(ops)


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com", "javascript:alert(1)"])
def test_it_leads_back_to_muster_only(ops, hot, back):
    alert = alert_of(hot)
    response = ops.post(reverse("alert-comment", args=[alert.pk]), {"text": "Seen.", "back": back})
    assert response.url == reverse("alert", args=[alert.pk])


def test_an_empty_comment_is_refused_with_its_field(ops, hot):
    alert = alert_of(hot)
    response = ops.post(reverse("alert-comment", args=[alert.pk]), {"text": " "})
    assert response.status_code == 422
    assert not AlertEvent.objects.filter(alert=alert, kind="commented").exists()


def test_what_is_assigned_and_said_is_in_its_life(ops, hot):
    alert = alert_of(hot)
    ada = make_user("ops", username="ada")
    ops.post(reverse("alert-assign", args=[alert.pk]), {"to": ada.pk, "note": "Your rack."})
    ops.post(reverse("alert-comment", args=[alert.pk]), {"text": "Fan 2 replaced."})
    ops.post(reverse("alert-link-incident", args=[alert.pk]), {"url": "https://example.com/incidents/7"})
    page = words_of(ops.get(reverse("alert", args=[alert.pk])))
    for words in (
        "Assigned by ops to ada",
        "Your rack.",
        "Fan 2 replaced.",
        "https://example.com/incidents/7",
    ):
        assert words in page


def test_a_problem_that_is_over_takes_a_comment_and_no_acknowledgement(ops, hot):
    alert = alert_of(hot)
    Alert.objects.filter(pk=alert.pk).update(ended_at=NOW, ended_by="evidence", standing="over", next_at=None)
    response = ops.post(reverse("alert-acknowledge", args=[alert.pk]), {"hours": 4})
    assert response.status_code == 422
    assert "nothing can be done about it any more" in words_of(response)
    assert ops.post(reverse("alert-comment", args=[alert.pk]), {"text": "Why?"}).status_code == 302


def test_a_viewer_sees_who_is_on_it_and_is_offered_nothing(client_of, hot):
    viewer = client_of("viewer")
    page = viewer.get(reverse("problems"), {"problem": hot.pk})
    assert b"alert-acknowledge" not in page.content
    assert "Only the role" in words_of(page)
    assert viewer.post(reverse("alert-acknowledge", args=[alert_of(hot).pk]), {"hours": 4}).status_code == 403


def test_names_are_for_those_who_may_see_them(client_of, ops, hot):
    ops.post(reverse("alert-acknowledge", args=[alert_of(hot).pk]), {"hours": 4})
    assert "somebody acknowledged" in list_of(client_of("viewer"))


def test_the_list_is_narrowed_to_what_nobody_took_and_to_ones_own(ops, hamburg, hot):
    other = problem(hamburg, "network-device-2", title="Link is down")
    look()
    ops.post(reverse("alert-acknowledge", args=[alert_of(hot).pk]), {"hours": 4})
    assert "Link is down" in list_of(ops, carrier="nobody")
    assert "GPU 17" not in list_of(ops, carrier="nobody")
    assert "GPU 17" in list_of(ops, carrier="mine")
    assert other.title not in list_of(ops, carrier="mine")


def test_a_key_on_a_row_opens_the_dialog(ops, hot):
    page = ops.get(reverse("problems"), {"problem": hot.pk, "do": "a"}).content.decode()
    [dialog] = [part for part in page.split("<dialog") if 'id="alert-acknowledge"' in part]
    assert "data-opens" in dialog.partition(">")[0]


def test_a_thousand_problems_take_as_many_statements_as_one(ops, hamburg, hot):
    ops.get(reverse("problems"))
    few = statements(ops, reverse("problems"))
    for number in range(40):
        problem(hamburg, f"compute-device-{number + 10}")
    look()
    assert statements(ops, reverse("problems")) <= few


def test_the_page_says_who_answers_for_what_it_is_about(ops, hot, client_of):
    rotation = people.rotation(hot.site, domain="compute", name="Hamburg compute")
    people.shift(rotation, people.person(name="Ana Reis"), now=NOW)
    page = words_of(ops.get(reverse("alert", args=[alert_of(hot).pk])))
    assert "Compute, on call now Ana Reis, primary until" in page
    assert "No owner" in page
    assert "Ana" not in words_of(client_of("viewer").get(reverse("alert", args=[alert_of(hot).pk])))


def test_the_alert_of_a_certificate_is_ended_by_hand_and_no_other(ops, hamburg, hot):
    left = open_alert("date:certificate:1", site=hamburg, kind=AlertKind.CERTIFICATE, due_at=NOW)
    page, address = reverse("alert", args=[left.pk]), reverse("alert-end", args=[left.pk])
    assert f'href="{address}"' in ops.get(page).content.decode()
    assert ops.post(address, {"reason": ""}).status_code == 422
    assert ops.post(address, {"reason": "The probe is gone."}).url == page
    assert "Ended by ops The probe is gone." in words_of(ops.get(page))
    other = reverse("alert-end", args=[alert_of(hot).pk])
    assert other not in ops.get(reverse("alert", args=[alert_of(hot).pk])).content.decode()
    answer = ops.post(other, {"reason": "It is well."})
    assert (answer.status_code, alert_of(hot).ended_at) == (422, None)


def test_the_page_names_whom_the_list_names(ops, hot):
    """Whoever subscribed hears of it too, and carries nothing."""
    alert = alert_of(hot)
    alert.notices.all().delete()
    for username, role in (("ana", "primary on call"), ("bo", SUBSCRIBER)):
        user = make_user("ops", username=username)
        channel = delivery.channel(user, kind="mail", name=f"Mail of {username}", address="a@example.com")
        alert.notices.create(
            user=user, channel=channel, role=role, reason="began", turn=1, at=NOW, sent_at=NOW
        )
    carrier = ops.get(reverse("alert", args=[alert.pk])).context["carrier"]
    assert (carrier.told.who, carrier.is_nobody) == ("ana", False)
    assert "ana" in list_of(ops)


def test_of_many_notices_the_newest_are_shown_in_their_order(ops, hot):
    alert = alert_of(hot)
    alert.notices.all().delete()
    user = make_user("ops", username="ana")
    alert.notices.bulk_create(
        Notice(
            alert=alert, user=user, role="primary on call", reason="began", turn=turn, at=NOW + turn * MINUTE
        )
        for turn in range(1, MOST_TOLD + 3)
    )
    told = ops.get(reverse("alert", args=[alert.pk])).context["told"]
    assert [told[0].at, told[-1].at] == [NOW + 3 * MINUTE, NOW + (MOST_TOLD + 2) * MINUTE]


def test_a_told_person_stands_with_the_channel_and_the_result(ops, hot, hamburg):
    user = make_user("ops", username="ana")
    channel = delivery.channel(user, kind="mail", name="Ana's mail", address="ana@example.com")
    alert = alert_of(hot)
    alert.notices.all().delete()
    alert.notices.create(user=user, channel=channel, role="primary on call", reason="began", turn=1, at=NOW)
    panel = panel_of(ops, hot)
    assert "ana primary on call" in panel
    assert "e-mail" in panel
    assert "leaving" in panel
