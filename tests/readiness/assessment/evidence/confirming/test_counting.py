"""Attestations by two: what counts before a confirmation, and who gives it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from readiness.assessment.evidence import confirmations
from readiness.assessment.evidence.core.confirming import blocking_parts
from readiness.assessment.evidence.models import Attestation
from readiness.assessment.evidence.operations import attest, confirm, record_fact, reject
from readiness.assessment.evidence.proofs import proofs
from readiness.assessment.evidence.queries import newest_records
from readiness.assessment.evidence.refusals import EvidenceRefused
from readiness.assessment.framework import queries as framework_queries
from readiness.assessment.scoring.models import SiteScore
from tests.readiness.assessment.evidence.confirming.conftest import CHECK, DAY, PARTS
from tests.readiness.organisation.people import made as people
from web.history.events import history_of
from web.permissions import MissingPermission
from web.workflows import NotInState

pytestmark = pytest.mark.django_db


class TestWhatCounts:
    def test_until_it_is_confirmed_it_is_declared_only(self, whole, result, porto):
        whole()
        found = result()
        assert (found.state, found.code, found.tier) == ("warn", "unconfirmed", "capped")
        assert found.reason.endswith(
            "Warn at best until a second person confirms having seen the signed document."
        )
        score = SiteScore.objects.get(site=porto)
        assert CHECK not in score.capped, "no measurement is asked for"

    def test_confirmed_it_passes(self, whole, result, planner, frozen_now):
        for attestation in whole():
            confirm(attestation, by=planner, now=frozen_now.at)
        assert (result().state, result().code, result().tier) == ("pass", "inside", "declared")

    def test_a_failing_one_fails_without_a_confirmation(self, whole, state, result, frozen_now):
        whole()
        state("critical-deficiencies", 2)
        assert (result().state, result().code) == ("fail", "outside")

    def test_where_the_check_does_not_block_it_counts_at_once(self, porto, ops, result, frozen_now):
        entered = {"by": ops, "now": frozen_now.at, "taken_on": frozen_now.at.date() - DAY}
        attest(
            site=porto,
            check="p4-standard-interfaces",
            part="devices-conforming",
            value=100,
            statement="Audited",
            attested_by="R. Okafor",
            **entered,
        )
        assert result("p4-standard-interfaces").state == "pass"

    def test_a_fact_needs_none(self, porto, ops, result, frozen_now):
        for part, value in PARTS.items():
            record_fact(
                site=porto,
                check=CHECK,
                part=part,
                value=value,
                source="report",
                taken_on=frozen_now.at.date() - DAY,
                by=ops,
                now=frozen_now.at,
            )
        assert result().state == "pass"

    def test_a_renewal_that_waits_lowers_nothing_while_the_earlier_one_counts(
        self, whole, state, result, planner, frozen_now
    ):
        for attestation in whole():
            confirm(attestation, by=planner, now=frozen_now.at)
        frozen_now.move(days=3)
        renewal = state("level", taken_on=frozen_now.at.date())
        part = next(part for part in result().parts if part["part"] == "level")
        assert (part["state"], part["evidence"]) != ("pass", f"attestation:{renewal.pk}")
        assert result().state == "pass"
        worse = state("dated-deficiencies", 3, taken_on=frozen_now.at.date())
        assert f"attestation:{worse.pk}" in {part["evidence"] for part in result().parts}

    def test_one_of_before_the_upgrade_counts_until_its_day(self, whole, result, porto, frozen_now):
        whole()
        Attestation.objects.update(grace_until=frozen_now.at + 2 * DAY)
        assert result().state == "pass"
        frozen_now.move(days=2, seconds=1)
        assert (result().state, result().code) == ("warn", "unconfirmed")

    def test_a_past_instant_has_what_was_so_then(self, porto, state, planner, frozen_now):
        attestation = state()
        entered_at = frozen_now.at
        frozen_now.move(days=1)
        confirm(attestation, by=planner, now=frozen_now.at)
        confirmed_at = frozen_now.at
        frozen_now.move(days=1)
        reject(attestation, reason="It was an older report", by=planner, now=frozen_now.at)

        def proof(at):
            _, framework = framework_queries.current()
            [found] = proofs([porto.pk], framework, now=at)[porto.pk][CHECK, "level"]
            return bool(found.unconfirmed), bool(found.cannot_judge)

        assert [proof(at) for at in (entered_at, confirmed_at, frozen_now.at)] == [
            (True, False),
            (False, False),
            (False, True),
        ]

    def test_rejected_it_proves_nothing_and_an_earlier_one_counts_again(
        self, porto, state, planner, frozen_now
    ):
        earlier = state(taken_on=frozen_now.at.date() - 9 * DAY)
        later = state()
        reject(later, reason="I did not attest this", by=planner, now=frozen_now.at)
        newest = newest_records([(CHECK, "level")], now=frozen_now.at)
        assert newest[porto.pk]["level"].pk == earlier.pk
        _, framework = framework_queries.current()
        [proof] = proofs([porto.pk], framework, now=frozen_now.at)[porto.pk][CHECK, "level"]
        assert proof.ref == f"attestation:{earlier.pk}"

    def test_the_reason_of_a_rejection_stands_with_the_check(self, state, result, planner, frozen_now):
        reject(state(), reason="I did not attest this", by=planner, now=frozen_now.at)
        [part] = [part for part in result().parts if part["part"] == "level"]
        assert part["state"] == "unknown"
        assert part["reason"] == "The attestation was rejected: I did not attest this"


def test_the_statement_that_counts_knows_the_same_parts_as_the_definition(porto, frozen_now):
    _, framework = framework_queries.current()
    keys = [(check.id, part.id) for check in framework.checks for part in check.parts]
    at = {"site": porto, "statement": "x", "attested_by": "x", "taken_on": frozen_now.at.date()}
    Attestation.objects.bulk_create(
        Attestation(check_id=check, part=part, value=1, taken_at=frozen_now.at, **at) for check, part in keys
    )
    rows = Attestation.objects.annotate(validity=confirmations.ValiditySpan())
    found = {(row.check_id, row.part): row.validity for row in rows if row.validity is not None}
    assert found == {
        key: timedelta(seconds=part.validity.limit_s(None)) for key, part in blocking_parts(framework).items()
    }
    assert len(found) > 20


class TestWho:
    def test_the_person_named_confirms_whatever_their_role(self, state, viewer, planner, frozen_now):
        attestation = state(attester=viewer)
        with pytest.raises(PermissionDenied, match="Only the person named"):
            confirm(attestation, by=planner, now=frozen_now.at)
        confirm(attestation, by=viewer, now=frozen_now.at)
        attestation.refresh_from_db()
        assert (attestation.confirmed_by, attestation.confirmed_at) == (viewer, frozen_now.at)

    def test_who_entered_it_never_confirms(self, state, ops, frozen_now):
        with pytest.raises(PermissionDenied, match="a second person must confirm it"):
            confirm(state(), by=ops, now=frozen_now.at)

    def test_a_document_of_an_outsider_needs_the_permission(self, state, viewer, manager, frozen_now):
        with pytest.raises(MissingPermission):
            confirm(state(), by=viewer, now=frozen_now.at)
        confirm(state(), by=manager, now=frozen_now.at)

    def test_nobody_names_themselves(self, state, ops):
        with pytest.raises(EvidenceRefused, match="You enter this yourself"):
            state(attester=ops)

    def test_an_account_that_cannot_sign_in_is_not_named(self, state, viewer):
        viewer.is_active = False
        viewer.save()
        with pytest.raises(EvidenceRefused, match="cannot sign in"):
            state(attester=viewer)

    def test_somebody_is_named(self, state):
        with pytest.raises(EvidenceRefused, match="Name the person who attests it"):
            state(attested_by=" ")

    def test_the_name_is_that_of_the_person_linked_to_the_account(self, state, viewer, frozen_now):
        people.person(name="Vera Prado", user=viewer, user_confirmed_at=frozen_now.at)
        assert state(attester=viewer, attested_by="").attested_by == "Vera Prado"

    def test_it_is_confirmed_once_and_rejected_for_good(self, state, planner, frozen_now):
        attestation = state()
        confirm(attestation, by=planner, now=frozen_now.at)
        with pytest.raises(NotInState, match="It is confirmed already"):
            confirm(attestation, by=planner, now=frozen_now.at)
        reject(attestation, reason="It was another report", by=planner, now=frozen_now.at)
        for step in (confirm, reject):
            with pytest.raises(NotInState, match="It is rejected already"):
                step(attestation, reason="again", by=planner, now=frozen_now.at)

    def test_a_rejection_says_why(self, state, planner, frozen_now):
        with pytest.raises(ValidationError, match="Enter a reason"):
            reject(state(), reason=" ", by=planner, now=frozen_now.at)

    def test_only_who_confirmed_takes_it_back(self, state, planner, manager, frozen_now):
        attestation = state()
        confirm(attestation, by=planner, now=frozen_now.at)
        with pytest.raises(PermissionDenied, match="Only the person who confirmed it"):
            reject(attestation, reason="no", by=manager, now=frozen_now.at)

    def test_the_history_has_each_step(self, state, planner, frozen_now):
        attestation = state()
        confirm(attestation, by=planner, now=frozen_now.at)
        reject(attestation, reason="no", by=planner, now=frozen_now.at)
        assert [row.action for row in history_of(attestation).rows] == ["changed", "changed", "created"]


class TestTheDatabase:
    def refuses(self, constraint, attestation, **values):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Attestation.objects.filter(pk=attestation.pk).update(**values)

    def test_who_confirms_is_another(self, state, ops, viewer, planner, frozen_now):
        at = frozen_now.at
        by_document, by_name = state(), state(attester=viewer)
        another = "attestation_confirmed_by_another"
        self.refuses(another, by_document, confirmed_by=ops, confirmed_at=at)
        self.refuses(another, by_name, confirmed_by=planner, confirmed_at=at)
        self.refuses(another, by_document, confirmed_by=planner)
        self.refuses(another, by_document, by=None, confirmed_by=planner, confirmed_at=at)
        self.refuses("attestation_attester_is_another", by_document, attester=ops)

    def test_who_rejects_is_another_and_says_why(self, state, ops, viewer, planner, frozen_now):
        at = frozen_now.at
        by_document, by_name = state(), state(attester=viewer)
        another = "attestation_rejected_by_another"
        self.refuses(another, by_document, rejected_by=ops, rejected_at=at, rejection="no")
        self.refuses(another, by_name, rejected_by=planner, rejected_at=at, rejection="no")
        self.refuses(another, by_document, rejected_by=planner, rejected_at=at, rejection=" ")

    def test_what_was_confirmed_stays_as_it_was(self, state, planner, manager, frozen_now):
        attestation = state()
        confirm(attestation, by=planner, now=frozen_now.at)
        for values in ({"value": 4}, {"statement": "other"}, {"confirmed_by": None, "confirmed_at": None}):
            self.refuses("signed_once", attestation, **values)
        back = {"rejected_at": frozen_now.at, "rejection": "no"}
        self.refuses("attestation_taken_back", attestation, rejected_by=manager, **back)

    def test_a_user_who_confirmed_cannot_be_deleted(self, state, planner, viewer, frozen_now):
        confirm(state(), by=planner, now=frozen_now.at)
        state(attester=viewer)
        for user in (planner, viewer):
            with pytest.raises(ProtectedError):
                user.delete()
