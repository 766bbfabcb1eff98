"""Pages and endpoints of senders, rules and what other systems tell: tokens once, secrets never, scopes always."""

import re

import pytest

from accounts.models import AccessScope
from readiness.loop.alerts.inbound import senders
from readiness.loop.alerts.models import Alert, AlertSender, InboundAlert, InboundRule
from tests.inventory import made
from tests.readiness.loop.alerts.inbound import bodies

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r"muster_[a-z0-9]{12}_[\w-]{40,}")


class TestSenders:
    def test_the_token_is_shown_once(self, client_of, porto, db):
        client = client_of("ops")
        values = {"name": "am", "kind": "alertmanager", "site": porto.pk, "secret": ""}
        answer = client.post("/inbound/senders/add/", values)
        assert answer.status_code == 200
        token = TOKEN.search(answer.text)[0]
        assert f"credentials: {token}" in answer.text
        sender = AlertSender.objects.get()
        for page in ("", "edit/"):
            assert not TOKEN.search(client.get(f"/inbound/senders/{sender.pk}/{page}").text)

    def test_by_endpoint(self, api_of, post, porto):
        api = api_of("ops")
        sent = {"name": "grafana", "kind": "grafana", "secret": "s3cret-value"}
        answer = api.post("/api/loop/inbound-senders/", sent)
        assert (answer.status_code, answer.json()["is_signed"]) == (201, True)
        assert answer["Cache-Control"] == "no-store"
        assert "s3cret-value" not in answer.text
        url = answer.json()["url"]
        assert "token" not in api.get(url).json()
        assert api.patch(url, {"secret": "a\nb\nc"}).status_code == 400
        assert api.patch(url, {"name": "other"}).json()["is_signed"]
        assert api.post(f"{url}rotate-token/").json()["token"] != answer.json()["token"]
        assert api.post(f"{url}pause/").json()["paused"]
        assert not api.post(f"{url}resume/").json()["paused"]
        assert api_of("viewer").patch(url, {"name": "x"}).status_code == 403
        assert api.delete(url).status_code == 204

    def test_no_secret_in_pages_or_history(self, client_of, sender_of):
        sender = sender_of("grafana", secret="s3cret-value")
        for path in (f"senders/{sender.pk}/", f"senders/{sender.pk}/edit/", "senders/"):
            assert "s3cret-value" not in client_of("admin").get(f"/inbound/{path}").text
        assert "s3cret-value" not in client_of("admin").get("/history/").text

    def test_alertmanager_signs_nothing(self, client_of):
        values = {"name": "am", "kind": "alertmanager", "secret": "x"}
        assert client_of("ops").post("/inbound/senders/add/", values).status_code == 422

    def test_a_sender_that_becomes_an_alertmanager_has_no_secret(self, sender_of, post, porto, api_of):
        sender = sender_of("grafana", secret="s3cret-value")
        url = f"/api/loop/inbound-senders/{sender.pk}/"
        assert not api_of("ops").patch(url, {"kind": "alertmanager"}).json()["is_signed"]
        assert post(sender, bodies.alertmanager(bodies.alert()), kind="alertmanager").status_code == 200

    def test_a_change_keeps_what_was_noted_meanwhile(self, am, post, frozen_now):
        before = AlertSender.objects.get(pk=am.pk)
        post(am, bodies.alertmanager(bodies.alert()))
        changed = senders.update_sender(before, name="other", by=None, now=frozen_now.at)
        changed.refresh_from_db()
        assert (changed.name, changed.last_taken_at) == ("other", frozen_now.at)

    def test_what_a_deleted_sender_told_of_ends(self, am, post, client_of):
        post(am, bodies.alertmanager(bodies.alert()))
        assert client_of("ops").post(f"/inbound/senders/{am.pk}/delete/").status_code == 302
        assert Alert.objects.get().ended_by == "rule"
        am.token.refresh_from_db()
        assert not am.token.enabled


class TestAlerts:
    def test_what_is_not_mapped_is_listed_with_its_reason(self, am, post, client_of, api_of):
        post(am, bodies.alertmanager(bodies.alert(labels={"site": "oslo"})))
        assert "no site has the slug or name oslo" in client_of("viewer").get("/inbound/").text
        [listed] = api_of("viewer").get("/api/loop/inbound/?is_open=true").json()["results"]
        assert (listed["state"], listed["site"]) == ("not mapped", None)

    def test_one_is_ended_by_hand(self, am, post, client_of, api_of):
        post(am, bodies.alertmanager(bodies.alert(), bodies.alert(fingerprint="b2")))
        first, second = InboundAlert.objects.order_by("fingerprint")
        assert client_of("viewer").post(f"/inbound/{first.pk}/end/").status_code == 403
        assert client_of("ops").post(f"/inbound/{first.pk}/end/").status_code == 302
        answer = api_of("ops").post(f"/api/loop/inbound/{second.pk}/end/")
        assert (answer.status_code, answer.json()["state"]) == (200, "over")
        assert set(Alert.objects.values_list("ended_by", flat=True)) == {"person"}

    def test_readers_with_a_scope_see_what_is_theirs(self, am, post, user_of, client_of, api_of):
        made.site(name="Turin", slug="turin")
        post(am, bodies.alertmanager(
            bodies.alert(),
            bodies.alert("Theirs", fingerprint="b2", labels={"site": "turin"}),
            bodies.alert("Unmapped", fingerprint="c3", labels={"site": "oslo"}),
        ))  # fmt: skip
        ops = user_of("ops")
        AccessScope.objects.create(user=ops, kind="site", slug="porto")
        page = client_of("ops").get("/inbound/").text
        assert "NodeDown at porto" in page
        assert "Theirs" not in page
        assert "Unmapped" not in page
        [listed] = api_of("ops").get("/api/loop/inbound/").json()["results"]
        assert listed["site"]["display"] == "Porto"
        assert api_of("ops").post(f"/api/loop/inbound/{listed['id']}/end/").status_code == 200

    @pytest.mark.parametrize("count", [1, 50])
    def test_statements_of_the_list(self, am, post, client_of, count, django_assert_max_num_queries):
        post(am, bodies.alertmanager(*(bodies.alert(fingerprint=f"a{n}") for n in range(count))))
        client = client_of("viewer")
        client.get("/inbound/")
        with django_assert_max_num_queries(14):
            assert client.get("/inbound/").status_code == 200


class TestRules:
    def test_a_rule_is_written_and_a_bad_line_refused(self, client_of, porto):
        values = {"name": "pods", "place": 10, "conditions": "alertname=Node*", "site": porto.pk}
        assert client_of("ops").post("/inbound/rules/add/", values).status_code == 302
        assert (
            client_of("ops")
            .post("/inbound/rules/add/", values | {"name": "b", "conditions": "x"})
            .status_code
            == 422
        )
        assert InboundRule.objects.get().conditions == "alertname=Node*"

    def test_nobody_with_a_scope_writes_rules(self, user_of, api_of, porto):
        AccessScope.objects.create(user=user_of("ops"), kind="site", slug="porto")
        assert (
            api_of("ops").post("/api/loop/inbound-rules/", {"name": "mine", "site": porto.pk}).status_code
            == 403
        )

    def test_a_body_is_tried(self, client_of, am, porto):
        InboundRule.objects.create(name="racks", conditions="alertname=Rack*", site=porto, severity="info")
        client = client_of("viewer")
        body = bodies.alertmanager(bodies.alert("RackHot"), bodies.alert(labels={"site": "oslo"})).decode()
        page = client.post("/inbound/try/", {"sender": am.pk, "body": body})
        assert page.status_code == 200
        assert "rule racks" in page.text
        assert "no site has the slug or name oslo" in page.text
        assert (
            "info" in client.post("/inbound/try/", {"sender": am.pk, "body": '{"alertname": "RackHot"}'}).text
        )
        assert client.post("/inbound/try/", {"sender": am.pk, "body": "nonsense"}).status_code == 422
        assert not InboundAlert.objects.exists()
