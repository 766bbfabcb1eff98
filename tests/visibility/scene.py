"""Three people who take part in everything that can name somebody, and a way to call them otherwise.

One is a user, one a person who signs in as a user, one a person who is no user. `call` changes their names and nothing
else, wherever they are written: what a reader gets then differs by the names alone.
"""

from datetime import date, timedelta

import pgtrigger
from django.apps import apps
from django.db import connection, transaction

from accounts import operations as accounts
from accounts.models import AccountTie, SavedView, User
from readiness.assessment.evidence.models import (
    Attestation,
    DeclaredLimit,
    RecordedFact,
    Review,
    ReviewAction,
    SignOff,
    ValidationRun,
)
from readiness.assessment.framework import operations as frameworks
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.grants.models import Grant
from readiness.assessment.scoring.models import ReasonEnd
from readiness.boards.models import DryRun
from readiness.demand.jurisdiction.models import RulePack
from readiness.demand.workloads.models import EnvelopeConfirmation, UserRegion, WorkloadClass
from readiness.golive.models import Approver, Campaign, CampaignItem, WorkItem, WorkPlan, WorkPlanStep
from readiness.organisation.ownership.models import Assignment, Confirmation, HandoverStep, LeaveHandover
from readiness.tradeoffs.models import (
    Decision,
    ExchangeRate,
    FactorDay,
    LatencyFactor,
    PortfolioRun,
    SiteFactor,
)
from telemetry.drift.models import InventoryDrift
from telemetry.models import BatchDecision, ImportedFile, Source
from tests.entries import entries_of
from tests.inventory import made
from tests.readiness.assessment.scoring import stored
from tests.readiness.organisation.people import every
from tests.readiness.organisation.people import made as people
from tests.readiness.organisation.people import practised as practice
from tests.scenes import scene
from tests.visibility import alerts, incidents, loop, ways_in
from web.actor import acting
from web.audit import AuditEntry
from web.kinds.models import FileImport
from web.visibility import is_person
from web.workflows.models import Approval

NOW = stored.NOW
DAY = timedelta(days=1)
# In every form of every name, so that it can be looked for; of the same length, so that nothing is laid out otherwise.
MARK = "zentinel"
EARLY, LATE = "aaa", "zzz"
CHECK = "p2-backup-power"
INPUTS = {
    "weights": {"cost": 1.0},
    "pins": {},
    "points": 4,
    "currency": "EUR",
    "carbon": "average",
    "left_out": [],
    "workloads": [],
}


class Sentinels:
    """`one` and `two` are users, `linked` is the person of `two`, `third` a person alone."""

    def __init__(self):
        given = {"by": None, "now": NOW}
        self.one = accounts.create_user(username="one", email="one@example.org", role="planner", **given)
        self.two = accounts.create_user(username="two", email="two@example.org", role="manager", **given)
        self.other = accounts.create_user(username="mmm-other", role="ops", **given)
        self.team = people.team(name="Fabric", slug="fabric")
        self.linked = people.person(self.team, name="two", user=self.two, email="two@example.com")
        self.third = people.person(
            self.team, name="three", email="three@example.com", phone="+1 555", requested_user=self.one,
            requested_by=self.two, requested_at=NOW,
        )  # fmt: skip
        with acting(self.one, message="as planned", request_id="sentinels"), pgtrigger.ignore(*guards()):
            self.porto = stored.site(name="Porto", slug="porto", first_blocker=CHECK, owner="Ops South")
            stored.result(self.porto, CHECK, "fail", reason="UPS battery is low.")
            self.lagos = made.site(name="Lagos", slug="lagos", stage="commissioning")
            self.chat = WorkloadClass.objects.create(name="Chat", slug="chat", kind="interactive")
            for user in (self.one, self.two, self.other):
                SavedView.objects.create(owner=user, table="sites", name="Porto")
            self._scoring()
            self._reviews()
            self._campaigns()
            self._reason_ends()
            self._evidence()
            self._ownership()
            self._versions()
            self._tradeoffs()
            self._telemetry()
            self._practice()
            alerts.take_part(self.porto, self.one, self.two, self.third)
            incidents.take_part(self.porto, self.one, self.two, self.third)
            loop.take_part(self.porto, self.one, self.two, self.third)

    def _scoring(self):
        given = {
            "requested_at": NOW - DAY,
            "starts_at": NOW - DAY,
            "ends_at": NOW + 9 * DAY,
            "reason": "UPS B",
        }
        approved = {"approver": self.two, "decided_at": NOW - DAY}
        self.grants = [
            Grant.objects.create(site=self.porto, check_id=CHECK, requested_by=by, **given | more)
            for by, more in (
                (self.one, {"kind": "waiver", "state": "approved", **approved}),
                (self.one, {"kind": "exception", "state": "revoked", "revoked_by": self.one, "revoked_at": NOW}
                 | approved),
                (self.other, {"kind": "n-a", "state": "requested"}),
            )
        ]  # fmt: skip
        for check, more in (
            (CHECK, {"owner": self.one}),
            ("p2-power-headroom", {"owner_name": "three"}),
            ("p3-role-coverage", {"owner": self.other}),
        ):
            WorkItem.objects.create(
                site=self.porto, check_id=check, created_by=self.one, created_at=NOW - DAY, **more
            )
        plan = WorkPlan.objects.create(
            name="By spring", due_on=date(2027, 3, 1), added_by=self.one, added_at=NOW
        )
        item = WorkItem.objects.get(check_id="p2-power-headroom")
        WorkPlanStep.objects.create(plan=plan, item=item, is_new=False, had_owner_name="three")

    def _reviews(self):
        for domain, user in (("compute", self.one), ("network", self.two), ("energy", self.other)):
            Approver.objects.create(domain=domain, user=user, added_at=NOW, added_by=self.one)
        review = Review.objects.create(site=self.lagos, opened_by=self.one, opened_at=NOW - DAY)
        signed = {"state": "signed", "answered_at": NOW}
        SignOff.objects.create(
            review=review, domain="compute", approver=self.one, signed_by=self.one, **signed
        )
        SignOff.objects.create(review=review, domain="network", approver=self.two, named_by=self.one)
        opened = {"review": review, "opened_by": self.one, "opened_at": NOW - DAY}
        ReviewAction.objects.create(title="Rack doors", owner=self.one, **opened)
        ReviewAction.objects.create(title="Labels", owner_name="three", **opened)
        ReviewAction.objects.create(
            title="Seals", owner=self.two, closed_by=self.one, closed_at=NOW, close_note="Done", **opened
        )
        exception = {
            "id": self.grants[1].pk,
            "check_id": CHECK,
            "reason": "UPS B",
            "ends_at": NOW.isoformat(),
        }
        self.decided = Review.objects.create(
            site=self.porto,
            opened_by=self.one,
            opened_at=NOW - 2 * DAY,
            state="go",
            ended_by=self.two,
            ended_at=NOW - DAY,
            framework_version=framework_queries.current()[0],
            snapshot={"checks": [], "exceptions": [exception | {"requested_by": "one", "approver": "two"}]},
        )

    def _reason_ends(self):
        reason = {"domain": "energy", "object_kind": "site", "object_id": self.porto.pk, "object": "Porto"}
        judged = {"metric": "probe_success", "measure": "value", "direction": "below", "health": "critical"}
        ReasonEnd.objects.create(
            site=self.porto, title="Probe fails", since=NOW - DAY, note="Repaired", ended_by=self.two,
            ended_at=NOW, **reason, **judged,
        )  # fmt: skip

    def _campaigns(self):
        made_by = {
            "framework_version": framework_queries.current()[0],
            "created_by": self.one,
            "created_at": NOW - DAY,
            "due_on": date(2026, 12, 31),
        }
        open_ = Campaign.objects.create(site=self.porto, name="Go-live", **made_by)
        Campaign.objects.create(
            site=self.lagos, name="Again", state="cancelled", ended_by=self.two, ended_at=NOW,
            end_note="Not needed", **made_by,
        )  # fmt: skip
        item = {
            "campaign": open_,
            "check_id": "p5-collectives",
            "tool": "nccl-tests",
            "scope": "site",
            "targets": "site",
        }
        dropped = {"dropped_by": self.two, "dropped_at": NOW, "drop_reason": "Not needed"}
        CampaignItem.objects.create(parts=["a"], assignee=self.one, **item, **dropped)
        CampaignItem.objects.create(parts=["b"], assigned_to="three", **item)

    def _evidence(self):
        when = {"site": self.porto, "recorded_at": NOW, "taken_at": NOW - DAY}
        ValidationRun.objects.create(
            **when, tool="fio", scope="site", received_at=NOW, file_name="fio.json", file_sha256="0" * 64,
            file_bytes=1, by=self.one, baseline_by=self.two, baseline_at=NOW,
        )  # fmt: skip
        ValidationRun.objects.create(
            **when, tool="fio", scope="site", received_at=NOW, file_name="again.json", file_sha256="1" * 64,
            file_bytes=1, by=self.two, withdrawn_by=self.one, withdrawn_at=NOW, withdrawn_reason="Another site",
        )  # fmt: skip
        about = when | {"taken_on": date(2026, 11, 23), "by": self.one}
        attested = about | {"attested_by": "three", "attester": self.two}
        Attestation.objects.create(
            check_id=CHECK, statement="It holds.", confirmed_by=self.two, confirmed_at=NOW, **attested
        )
        Attestation.objects.create(
            check_id="p4-ops-ready", part="open-standards", value=90.0, statement="So it is.",
            rejected_by=self.two, rejected_at=NOW, rejection="It was not measured.", **attested,
        )  # fmt: skip
        RecordedFact.objects.create(check_id=CHECK, part="autonomy", value=9.0, source="test 7", **about)
        DeclaredLimit.objects.create(
            site=self.porto,
            limit_id="x",
            value=1.0,
            declared_on=date(2026, 11, 1),
            source="deed",
            by=self.one,
        )

    def _ownership(self):
        asked = {
            "team": self.team,
            "decision_rights": "May stop it.",
            "proposed_by": self.one,
            "proposed_at": NOW - 9 * DAY,
            "effective_at": NOW - 8 * DAY,
        }
        confirmed = {
            "answered_by": self.two,
            "answered_at": NOW - 8 * DAY,
            "confirmed_at": NOW - 8 * DAY,
            "due_at": NOW + 172 * DAY,
        }
        held = Assignment.objects.create(
            site=self.porto, item="orchestration", accountable=self.linked, deputy=self.third, state="accepted",
            **asked, **confirmed,
        )  # fmt: skip
        Assignment.objects.create(
            site=self.lagos, item="network", accountable=self.third, deputy=self.linked, **asked
        )
        Assignment.objects.create(
            site=self.lagos, item="compute", accountable=self.linked, state="ended", ended_by=self.two,
            ended_at=NOW - DAY, end_reason="Moved", **asked, **confirmed,
        )  # fmt: skip
        Confirmation.objects.create(assignment=held, confirmed_at=NOW - 8 * DAY, by=self.two)
        HandoverStep.objects.create(assignment=held, number=1, text="Keys", done_at=NOW, done_by=self.two)

    def _versions(self):
        now = framework_queries.current()[0]
        draft = frameworks.make_draft(made_from=now, by=self.one, now=NOW)
        DryRun.objects.create(
            version=draft, revision=1, digest="x", in_force=now, requested_by=self.one, requested_at=NOW
        )
        type(draft).objects.filter(pk=now.pk).update(
            created_by=self.one, edited_by=self.one, published_by=self.two
        )
        frameworks.edit(
            draft, lambda definition: definition | {"title": "Another"}, revision=1, by=self.one, now=NOW
        )
        RulePack.objects.update(
            created_by=self.one, edited_by=self.one, published_by=self.two, withdrawn_by=self.two
        )
        EnvelopeConfirmation.objects.create(
            workload_class=self.chat, confirmed_on=date(2026, 11, 1), by=self.one
        )

    def _tradeoffs(self):
        Decision.objects.create(
            workload=self.chat, workload_slug="chat", workload_name="Chat", site=self.porto, rationale="Nearer",
            decided_by=self.one, decided_at=NOW - DAY, due_on=date(2026, 12, 31), state="withdrawn",
            answered_by=self.two, answered_at=NOW, withdrawn_by=self.one, withdrawn_at=NOW, withdrawal_note="No",
        )  # fmt: skip
        entered = {"source": "tariff", "as_of_on": date(2026, 11, 1), "by": self.one}
        ExchangeRate.objects.create(currency="USD", to_currency="EUR", rate=0.9, **entered)
        SiteFactor.objects.create(site=self.porto, kind="pue", value=1.2, **entered)
        region = UserRegion.objects.create(name="Iberia", slug="iberia", latitude=40.4, longitude=-3.7)
        LatencyFactor.objects.create(site=self.porto, user_region=region, value_ms=9.0, **entered)
        FactorDay.objects.create(
            site=self.porto, kind="carbon_average", day_on=date(2026, 11, 1), step_s=3600, values=[100.0] * 24,
            known=24, mean=100.0, lowest=100.0, highest=100.0, source="grid", by=self.one,
        )  # fmt: skip
        PortfolioRun.objects.create(
            asked_by=self.one, asked_at=NOW, inputs=INPUTS, digest="x", workloads_total=1, points_total=4,
            state="cancelled", started_at=NOW, finished_at=NOW, cancel_asked_by=self.two, cancel_asked_at=NOW,
        )  # fmt: skip

    def _telemetry(self):
        FileImport.objects.create(kind="inventory.device", by=self.one, file_name="devices.csv", begun_at=NOW)
        source = Source.objects.create(name="mid-1", site=self.porto, owner=self.two)
        ImportedFile.objects.create(
            source=source, by=self.one, file_name="meters.csv", content=b"", charset="utf-8", lines=1, header_line=1,
            state="cancelled", begun_at=NOW, ended_at=NOW)  # fmt: skip
        BatchDecision.objects.create(
            source=source, decision="retry", received_at=NOW, samples=1, failure="bad", decided_at=NOW,
            decided_by=self.one,
        )  # fmt: skip
        InventoryDrift.objects.create(
            site=self.porto, device=made.device(site=self.porto, name="node-1"), field="serial",
            inventory_value="SN-1", reported_value="SN-2", reported_by="mid-1", first_seen_at=NOW, last_seen_at=NOW,
            state="rejected", state_at=NOW, proposed_by=self.one, proposed_at=NOW - DAY, decided_by=self.two,
            decided_at=NOW, note="Seen on site",
        )  # fmt: skip
        accounts.create_token(user=self.one, name="mine", by=self.one, now=NOW)
        AccountTie.objects.create(
            account=self.two, by=self.one, kind="role", began_at=NOW - 90 * DAY, ended_at=NOW - 90 * DAY
        )
        Approval.objects.create(
            table="grants.grant", object_id=self.grants[0].pk, site_id=self.porto.pk, step="approve", first=self.one,
            second=self.two, asked_at=NOW - DAY, at=NOW - DAY, flags=["role"],
        )  # fmt: skip
        ways_in.take_part(self.one)

    def _practice(self):
        every.of_each_kind(self.porto, self.team, self.third, self.linked, self.one)
        practice.shift(self.team.rotations.get(), None, NOW + 9 * DAY, unknown_name="three")
        LeaveHandover.objects.create(
            assignment=Assignment.objects.get(site=self.lagos, item="network"), deputy=self.linked,
            leave=self.third.leaves.first(), accepted=True, answered_by=self.two, answered_at=NOW,
        )  # fmt: skip

    def call(self, before):
        """Give the three names that begin so, and write them wherever names are kept."""
        names = {
            "one": f"{before} {MARK} One",
            "two": f"{before} {MARK} Two",
            "three": f"{before} {MARK} Three",
        }
        with connection.cursor() as cursor:
            # As a replica, so that no trigger writes the change of names down.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for number, user in (("one", self.one), ("two", self.two)):
                values = {
                    "username": f"{before}-{MARK}-{number}",
                    "first_name": before,
                    "last_name": f"{MARK} {number}",
                    "email": f"{before}-{MARK}-{number}@example.org",
                }
                User.objects.filter(pk=user.pk).update(**values)
                write_into_history(User, {"id": user.pk}, values)
                AuditEntry.objects.filter(user_id=user.pk).update(username=values["username"])
            for number, person in (("two", self.linked), ("three", self.third)):
                values = {"name": names[number], "email": f"{before}-{MARK}-{number}@example.com"}
                type(person).objects.filter(pk=person.pk).update(**values)
                write_into_history(type(person), {"id": person.pk}, values)
            for model in apps.get_models():
                for name in getattr(model, "PERSONAL", ()):
                    model.objects.exclude(**{name: ""}).update(**{name: names["three"]})
                    write_into_history(model, {}, {name: names["three"]})
            self.decided.snapshot["exceptions"][0] |= {"requested_by": names["one"], "approver": names["two"]}
            Review.objects.filter(pk=self.decided.pk).update(snapshot=self.decided.snapshot)
            cursor.execute("SET LOCAL session_replication_role = origin")


@scene(at=NOW)
def sentinels(clock):
    # In one transaction, as a request is, so that one person acts in all of it.
    with transaction.atomic():
        return Sentinels()


def write_into_history(model, which, values):
    """Give these columns other values, where entries of the rows hold any."""
    entries = entries_of(model, **{f"after__{key}": value for key, value in which.items()})
    for entry in entries:
        for row in (entry.before, entry.after):
            if row:
                row.update({column: value for column, value in values.items() if row.get(column)})
        entry.save()


def guards():
    """Triggers that hold rows to the order of things, but for the one that says where a part of a device is."""
    return [
        f"{model._meta.label}:{trigger.name}"
        for model, trigger in pgtrigger.registered()
        if trigger.name != "site_of_device"
    ]


def unnamed():
    """Relations to a person in which none of the three stands: nothing would show whether they leak."""
    for model in apps.get_models():
        if model._meta.proxy:
            continue
        for field in model._meta.concrete_fields:
            named = model._base_manager.filter(**{f"{field.name}__isnull": False})
            if field.is_relation and is_person(field.related_model) and not named.exists():
                yield f"{model._meta.label}.{field.name}"
