"""Who is told of an alert, and when."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts import operations as accounts
from accounts.models import User
from readiness.loop.alerts.core.kinds import NoticeReason
from readiness.loop.alerts.life.steps import advance
from readiness.loop.alerts.models import (
    Alert,
    AlertingState,
    AlertPreferences,
    EscalationLevel,
    EscalationRoute,
    Notice,
    Subscription,
)
from readiness.loop.alerts.telling.operations import set_last_resort
from readiness.loop.alerts.telling.readers import working_last_resorts
from readiness.loop.alerts.telling.recipients import recipients_of
from readiness.organisation.people.models import Leave, Shift
from tests.conftest import NOW, make_user
from tests.inventory import made
from tests.readiness.loop.alerts.telling.conftest import MINUTE, names, sent, told
from tests.readiness.organisation.people import made as people
from tests.web.delivery import made as delivery
from web.delivery.models import Channel

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class TestLevels:
    def test_primary_then_secondary_then_the_owner(self, on_call, porto, eva, own, alert_at):
        own(porto, eva)
        alert = alert_at(porto)
        levels = recipients_of([alert], now=NOW)[alert.pk].levels
        assert [level.after for level in levels] == [0 * MINUTE, 10 * MINUTE, 20 * MINUTE]
        assert names(told(alert)) == [("ana", "primary on call", "")]
        second = told(alert, NoticeReason.ESCALATED, level=2, turn=2)
        assert names(second) == [("rui", "secondary on call", "")]
        assert names(told(alert, NoticeReason.REPEATED, level=4, turn=3)) == [("eva", "owner", "")]

    def test_the_owner_at_once_where_nobody_is_on_call_and_the_deputy_while_they_are_away(
        self, porto, eva, rui, own, alert_at
    ):
        own(porto, eva, deputy=rui)
        assert names(told(alert_at(porto))) == [("eva", "owner", "")]
        Leave.objects.create(person=eva, starts_at=NOW - DAY, ends_at=NOW + DAY)
        assert names(told(alert_at(porto))) == [("rui", "acting deputy", "")]

    def test_the_next_level_at_once_where_nobody_of_a_level_has_a_channel(self, on_call, porto, alert_at):
        Channel.objects.filter(owner__username="ana").update(verified_at=None)
        assert names(told(alert_at(porto))) == [
            ("ana", "primary on call", "no-channel"),
            ("rui", "secondary on call", ""),
        ]

    def test_the_route_of_the_nearest_home(self, on_call, porto, eva, alert_at):
        room = delivery.channel(make_user("manager"), name="NOC", is_shared=True)
        for name, target, home in [("All", "owner", {}), ("Porto", "channel", {"home_site": porto})]:
            route = EscalationRoute.objects.create(name=name, **home)
            with_it = {"channel": room} if target == "channel" else {}
            EscalationLevel.objects.create(route=route, after_min=0, target=target, **with_it)
        EscalationLevel.objects.create(route=route, after_min=5, target="person", person=eva)
        alert = alert_at(porto)
        levels = recipients_of([alert], now=NOW)[alert.pk].levels
        assert [level.after for level in levels] == [0 * MINUTE, 5 * MINUTE]
        assert names(told(alert)) == [("NOC", "shared channel", "")]

    def test_warnings_go_once_to_the_first_level_and_dates_to_the_owner(
        self, on_call, porto, eva, own, alert_at
    ):
        own(porto, eva)
        warning = alert_at(porto, severity="warning", rank=2)
        assert names(told(warning)) == [("ana", "primary on call", "")]
        waiver = alert_at(porto, severity="warning", rank=2, kind="waiver")
        assert names(told(waiver)) == [("eva", "owner", "")]

    def test_muster_itself_is_for_administrators(self, admin, alert_at):
        delivery.channel(admin)
        assert names(told(alert_at(None, kind="muster", domain=""))) == [("admin", "administrator", "")]

    def test_the_last_resort_where_nobody_can_be_told(self, porto, alert_at):
        room = delivery.channel(make_user("manager"), name="NOC", is_shared=True)
        AlertingState.objects.create(last_resort=room)
        assert names(told(alert_at(porto))) == [("NOC", "last resort", "")]


class TestHandOver:
    """Between two levels the shifts of Ana and Rui end: Eva is primary now, Ana secondary."""

    @pytest.fixture
    def handed_over(self, on_call, ana, eva):
        def hand_over():
            Shift.objects.all().delete()
            people.shift(on_call, eva, now=NOW)
            people.shift(on_call, ana, now=NOW, level=2)

        return hand_over

    def test_the_new_primary_is_told_with_the_next_level(self, porto, alert_at, handed_over):
        alert = alert_at(porto)
        assert names(told(alert)) == [("ana", "primary on call", "")]
        handed_over()
        second = told(alert, NoticeReason.ESCALATED, level=2, turn=2, now=NOW + 10 * MINUTE)
        assert names(second) == [("eva", "primary on call", "")]
        assert second[0].is_page

    def test_a_repetition_tells_both(self, porto, alert_at, handed_over):
        alert = alert_at(porto)
        told(alert)
        told(alert, NoticeReason.ESCALATED, level=2, turn=2)
        handed_over()
        again = told(alert, NoticeReason.REPEATED, level=2, turn=3, now=NOW + 25 * MINUTE)
        assert names(again) == [("ana", "secondary on call", ""), ("eva", "primary on call", "")]

    def test_a_step_that_tells_nobody_by_its_number_tells_who_came(
        self, on_call, porto, rui, eva, own, alert_at
    ):
        """After the hand-over one level is left before the owner's, which two of them had reached."""
        own(porto, eva)
        alert = alert_at(porto, severity="error", rank=1, next_at=NOW)
        for minute in (0, 10):
            advance(began_at=NOW - DAY, now=NOW + minute * MINUTE)
        assert [notice.user.username for notice in alert.notices.all()] == ["ana", "rui"]
        Shift.objects.filter(person=rui).delete()
        for minute in (20, 21):
            Alert.objects.update(next_at=NOW + minute * MINUTE)
            advance(began_at=NOW - DAY, now=NOW + minute * MINUTE)
        assert [notice.user.username for notice in alert.notices.all()] == ["ana", "rui", "eva"]


class TestLastResort:
    @pytest.fixture
    def room(self):
        room = delivery.channel(make_user("manager"), name="NOC", is_shared=True)
        AlertingState.objects.create(last_resort=room, began_at=NOW - DAY)
        return room

    def test_it_is_told_from_the_second_repetition_on(self, on_call, porto, alert_at, room):
        alert = alert_at(porto, next_at=NOW)
        for minute in (0, 10, 25, 40):
            advance(began_at=NOW - DAY, now=NOW + minute * MINUTE)
        rows = alert.notices.order_by("at", "pk").values_list("user__username", "channel__name", "reason")
        assert [(user or channel, reason) for user, channel, reason in rows] == [
            ("ana", "began"),
            ("rui", "escalated"),
            ("rui", "repeated"),
            ("rui", "last-resort"),
            ("NOC", "last-resort"),
        ]
        assert alert.events.filter(kind="last-resort").count() == 1

    @pytest.mark.parametrize("obstacle", ["owner left", "owner sees some sites", "scope", "role"])
    def test_one_that_may_not_read_the_alert_says_so(self, porto, alert_at, room, admin, obstacle):
        elsewhere = made.site(slug="elsewhere")
        match obstacle:
            case "owner left":
                User.objects.filter(pk=room.owner_id).update(is_active=False)
            case "owner sees some sites":
                accounts.change_user(room.owner, scopes=[("site", elsewhere.slug)], by=admin, now=NOW)
            case "scope":
                Channel.objects.update(scope_kind="site", scope_slug=elsewhere.slug)
            case "role":
                room.owner.groups.clear()
        assert names(told(alert_at(porto))) == [("None", "last resort", "not-visible")]
        assert not working_last_resorts().exists()

    def test_one_that_works_is_set(self, room):
        assert working_last_resorts().exists()
        Channel.objects.update(disabled_at=NOW, disabled_for="Gone")
        assert not working_last_resorts().exists()

    def test_a_channel_of_one_place_is_refused(self, porto, manager):
        room = delivery.channel(manager, is_shared=True, scope_kind="site", scope_slug="porto")
        with pytest.raises(ValidationError, match="all sites"):
            set_last_resort(channel=room, by=manager, now=NOW)


class TestWhatOneMaySee:
    def test_nobody_is_told_of_a_site_that_they_may_not_see(self, on_call, porto, ana, admin, alert_at):
        elsewhere = made.site(slug="elsewhere")
        accounts.change_user(ana.user, scopes=[("site", elsewhere.slug)], by=admin, now=NOW)
        assert names(told(alert_at(porto))) == [
            ("ana", "primary on call", "not-visible"),
            ("rui", "secondary on call", ""),
        ]

    def test_a_message_leaves_out_what_its_reader_no_longer_sees(self, on_call, porto, ana, admin, alert_at):
        told(alert_at(porto))
        elsewhere = made.site(slug="elsewhere")
        accounts.change_user(ana.user, scopes=[("site", elsewhere.slug)], by=admin, now=NOW)
        assert sent() == []
        assert Notice.objects.get().lack == "not-visible"

    def test_a_shared_channel_reads_within_its_scope(self, porto, alert_at, manager):
        elsewhere = made.site(slug="elsewhere")
        room = delivery.channel(
            manager, name="NOC", is_shared=True, scope_kind="site", scope_slug="elsewhere"
        )
        route = EscalationRoute.objects.create(name="All")
        EscalationLevel.objects.create(route=route, after_min=0, target="channel", channel=room)
        assert [notice.lack for notice in told(alert_at(porto))] == ["not-visible"]
        assert [notice.lack for notice in told(alert_at(elsewhere))] == [""]


class TestSubscribers:
    def test_by_place_severity_and_sight(self, on_call, porto, viewer, alert_at, admin):
        own = delivery.channel(viewer)
        other = make_user("viewer", username="other")
        delivery.channel(other)
        accounts.change_user(other, scopes=[("site", made.site(slug="elsewhere").slug)], by=admin, now=NOW)
        Subscription.objects.create(user=viewer, site=porto, severity="error", channel=own)
        Subscription.objects.create(user=other, severity="info")
        assert names(told(alert_at(porto)))[1:] == [("viewer", "subscriber", "")]
        assert len(told(alert_at(porto, severity="warning", rank=2))) == 1
        alert = alert_at(porto)
        told(alert)
        assert names(told(alert, NoticeReason.ESCALATED, level=2, turn=2)) == [
            ("rui", "secondary on call", "")
        ]

    def test_the_end_goes_to_everybody_who_was_told(self, on_call, porto, viewer, alert_at):
        delivery.channel(viewer)
        Subscription.objects.create(user=viewer)
        alert = alert_at(porto)
        told(alert)
        told(alert, NoticeReason.ESCALATED, level=2, turn=2)
        ended = told(alert, NoticeReason.ENDED, turn=3)
        assert sorted(notice.user.username for notice in ended) == ["ana", "rui", "viewer"]


class TestWaiting:
    def test_quiet_hours_hold_what_can_wait_and_no_page(self, on_call, porto, ana, alert_at):
        AlertPreferences.objects.create(user=ana.user, quiet_from=time(15), quiet_until=time(18))
        [page] = told(alert_at(porto))
        assert (page.is_page, page.held_until) == (True, None)
        [lesser] = told(alert_at(porto, severity="error", rank=1))
        assert lesser.held_until == NOW.replace(hour=18)
        assert [message.is_urgent for message in sent()] == [True]
        assert sent(NOW.replace(hour=17)) == []
        assert len(sent(NOW.replace(hour=18))) == 1

    def test_awake_holds_the_rest(self, on_call, porto, ana, alert_at):
        AlertPreferences.objects.create(user=ana.user, awake_until=NOW + DAY)
        [lesser] = told(alert_at(porto, severity="error", rank=1))
        assert lesser.held_until == NOW + DAY

    def test_whoever_was_paged_hears_of_the_end_at_once(self, on_call, porto, ana, alert_at):
        AlertPreferences.objects.create(user=ana.user, quiet_from=time(15), quiet_until=time(18))
        alert = alert_at(porto)
        told(alert)
        [ended] = told(alert, NoticeReason.ENDED, turn=2)
        assert ended.held_until is None

    def test_one_message_a_minute_but_no_page_waits_for_a_lesser_one(self, on_call, porto, alert_at):
        told(alert_at(porto, severity="error", rank=1))
        assert len(sent()) == 1
        told([alert_at(porto, severity="error", rank=1) for _ in range(3)])
        assert sent(NOW + MINUTE / 2) == []
        told(alert_at(porto))
        [page] = sent(NOW + MINUTE / 2)
        assert page.subject == "Critical: Porto: GPU temperature is critical and 3 more"
        told(alert_at(porto))
        assert sent(NOW + MINUTE) == []
        assert len(sent(NOW + 1.5 * MINUTE)) == 1

    @pytest.mark.parametrize("standing", ["acknowledged", "silenced", "muted"])
    def test_a_page_that_waits_does_not_leave_once_somebody_has_it(self, standing, on_call, porto, alert_at):
        alert = alert_at(porto)
        told(alert)
        alert.standing = standing
        alert.save()
        assert sent() == []
        assert Notice.objects.get().lack == "overtaken"
        assert told(alert, NoticeReason.ENDED, turn=2) == []

    def test_a_turn_is_told_once(self, on_call, porto, alert_at):
        alert = alert_at(porto)
        assert len(told(alert)) == len(told(alert)) == 1


def test_the_number_of_statements_does_not_grow_with_alerts(
    on_call, porto, eva, own, alert_at, django_assert_max_num_queries
):
    own(porto, eva)
    people.rotation(porto, domain="network")
    alerts = [alert_at(porto, group="one") for _ in range(300)]
    with django_assert_max_num_queries(20):
        told(alerts)
    with django_assert_max_num_queries(28):
        [message] = sent()
    assert message.subject == "Critical: Porto: GPU temperature is critical and 299 more"
