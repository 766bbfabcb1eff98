"""Opening a review, signing, declining, deciding. Each step holds the review, so that of two at once one is first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from inventory.models import Site, SiteChange
from inventory.operations import set_stage
from readiness.evidence.core.reviews import ReviewCounts
from readiness.evidence.models import Review, ReviewAction, SigningDomain, SignOff
from readiness.evidence.reviews import counts_of
from readiness.framework import queries as framework_queries
from readiness.golive.reviews.approvers import candidates
from readiness.golive.reviews.gate import BlockingChecks
from readiness.golive.reviews.standing import frozen, standing_of
from readiness.scoring.operations import NotEvaluable, evaluate_one
from web.permissions import MissingPermission
from web.units import plural

MAY_SEE = "evidence.view_review"
MAY_OPEN = "evidence.add_review"
MAY_CHANGE = "evidence.change_review"
MAY_DECIDE = "evidence.decide_review"


class NotNamed(PermissionDenied):
    """The review asks somebody else to sign."""


class ReviewNotInState(Exception):
    """The review is in a state that this does not follow from; the message says in which."""


@transaction.atomic
def open_review(
    *, site: Site, note: str = "", approvers: Mapping[str, User | None] | None = None, by: User, now: datetime
) -> Review:
    """Ask the five domains. Where a domain has one approver who is asked for no other, that one is named by itself.

    Raises MissingPermission, and ValidationError by field: a stage without a verdict, an open review, a person who may
    not sign for the domain or is named twice.
    """
    _require(by, MAY_OPEN)
    if not site.has_verdict:
        said = {"site": site.name, "stage": site.get_stage_display().lower()}
        raise ValidationError(
            {
                "site": "{site} is {stage}: only sites in commissioning or production are reviewed.".format(
                    **said
                )
            }
        )
    # Two who open at once wait for each other; the constraint holds in any case.
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if (other := Review.objects.filter(site=site, state=Review.State.OPEN).first()) is not None:
        said = {"site": site.name, "review": str(other)}
        raise ValidationError({"site": "{site} has an open review already: {review}.".format(**said)})
    review = Review(site=site, note=note.strip(), opened_by=by, opened_at=now)
    review.full_clean(exclude=["site", "opened_by", "ended_by", "framework_version"])
    review.save(force_insert=True)
    named = _named(site, approvers or {})
    SignOff.objects.bulk_create(
        SignOff(review=review, domain=domain, approver=named[domain]) for domain in SigningDomain.values
    )
    claim(review)
    return review


@transaction.atomic
def name_approver(review: Review, *, domain: str, approver: User | None, by: User, now: datetime) -> SignOff:
    """Ask this person for the domain's answer. Another person's answer is dropped, but a signature stays."""
    _require(by, MAY_CHANGE)
    locked = _locked(review)
    sign_off = locked.sign_offs.get(domain=domain)
    if sign_off.state == SignOff.State.SIGNED:
        raise ReviewNotInState(f"{sign_off.get_domain_display()} has signed already.")
    if approver is not None:
        _refuse_unnamed(locked.site, domain, approver)
        if locked.sign_offs.exclude(pk=sign_off.pk).filter(approver=approver).exists():
            raise ValidationError({"approver": _twice(approver)})
    sign_off.approver, sign_off.state = approver, SignOff.State.WAITING
    sign_off.signed_by, sign_off.answered_at, sign_off.note = None, None, ""
    sign_off.save()
    return sign_off


@transaction.atomic
def sign(review: Review, *, note: str = "", by: User, now: datetime) -> SignOff:
    """Say yes for the domain that `by` is named for. Raises MissingPermission, NotNamed, ReviewNotInState."""
    return _answer(review, SignOff.State.SIGNED, note=note, by=by, now=now)


@transaction.atomic
def decline(review: Review, *, note: str, by: User, now: datetime) -> SignOff:
    """Say no, and what is missing; a signature may be taken back so, until it is decided."""
    if not note.strip():
        raise ValidationError({"note": "Say why."})
    return _answer(review, SignOff.State.DECLINED, note=note, by=by, now=now)


@transaction.atomic
def decide(review: Review, *, decision: str, note: str = "", by: User, now: datetime) -> Review:
    """Go, or no-go with a reason. The site is evaluated first, so that what is decided on is what holds now.

    A go needs five signatures, no open action that is critical or undated, and every BLOCK check acceptable or under
    an exception; ValidationError names all that is missing. It sets the site's stage to production. A no-go leaves its
    reason as a critical action, so that the check fails until another one is held.
    """
    _require(by, MAY_DECIDE)
    if decision not in (Review.State.GO, Review.State.NO_GO):
        raise ValidationError({"decision": "It is go or no-go."})
    locked = _locked(review)
    try:
        evaluate_one(site=locked.site, now=now)
    except NotEvaluable as error:
        raise ValidationError({"decision": str(error)}) from error
    if decision == Review.State.GO:
        if missing := obstacles(counts_of(locked), standing_of(locked.site)):
            raise ValidationError({"decision": missing})
    elif not note.strip():
        raise ValidationError({"note": "Say why."})
    version, framework = framework_queries.current()
    locked.snapshot = frozen(locked.site, framework, now=now)
    locked.framework_version = version
    if decision == Review.State.NO_GO and not locked.actions.filter(closed_at=None, critical=True).exists():
        ReviewAction.objects.create(
            review=locked, title=note.strip()[:300], critical=True, owner=by, opened_by=by, opened_at=now
        )
    _end(locked, Review.State(decision), note=note, by=by, now=now)
    if decision == Review.State.GO:
        set_stage(site_id=locked.site_id, stage=Site.Stage.PRODUCTION, message=f"{locked}: go")
    return locked


@transaction.atomic
def cancel(review: Review, *, note: str, by: User, now: datetime) -> Review:
    """Call the review off, with a reason. It proves nothing from then on."""
    _require(by, MAY_CHANGE)
    if not note.strip():
        raise ValidationError({"note": "Say why."})
    return _end(_locked(review), Review.State.CANCELLED, note=note, by=by, now=now)


def obstacles(counts: ReviewCounts, standing: BlockingChecks) -> list[str]:
    """Sentences about what stands in the way of a go; empty if nothing does."""
    sentences = []
    if counts.signatures_missing:
        said = plural(
            counts.signatures_missing, "%(n)s signature is missing.", "%(n)s signatures are missing."
        )
        sentences.append(said % {"n": counts.signatures_missing})
    if counts.critical:
        said = plural(counts.critical, "%(n)s critical action is open.", "%(n)s critical actions are open.")
        sentences.append(said % {"n": counts.critical})
    if counts.undated:
        said = plural(counts.undated, "%(n)s open action has no date.", "%(n)s open actions have no date.")
        sentences.append(said % {"n": counts.undated})
    if standing.failure:
        sentences.append(f"The site could not be evaluated: {standing.failure}")
    if not standing.judged:
        sentences.append("Nothing proves the site: no BLOCK check was judged.")
    if held := standing.held_by:
        said = plural(
            len(held),
            "%(n)s BLOCK check is not acceptable and under no exception: %(checks)s.",
            "%(n)s BLOCK checks are not acceptable and under no exception: %(checks)s.",
        )
        more = f", … (+{len(held) - 5})" if len(held) > 5 else ""
        sentences.append(said % {"n": len(held), "checks": ", ".join(held[:5]) + more})
    return sentences


def refuse_stranger(review_id: int, *, by: User) -> None:
    """Raise NotNamed for those who are asked for no domain of such a review."""
    if not SignOff.objects.filter(review=review_id, approver=by).exists():
        raise NotNamed("You are not named for any domain of this review.")


def _named(site: Site, approvers: Mapping[str, User | None]) -> dict[str, User | None]:
    named: dict[str, User | None] = dict.fromkeys(SigningDomain.values)
    if unknown := sorted(set(approvers) - set(named)):
        raise ValidationError({"approvers": f"There is no domain {', '.join(unknown)}."})
    may = candidates(site)
    for domain, user in approvers.items():
        if user is not None:
            _refuse_unnamed(site, domain, user)
            if user in named.values():
                raise ValidationError({"approvers": _twice(user)})
            named[domain] = user
    for domain in SigningDomain.values:
        if domain not in approvers and len(may[domain]) == 1 and may[domain][0] not in named.values():
            named[domain] = may[domain][0]
    return named


def _twice(user: User) -> str:
    return f"Nobody signs for two domains of one review: {user} is asked already."


def _refuse_unnamed(site: Site, domain: str, user: User) -> None:
    if domain not in SigningDomain.values:
        raise ValidationError({"domain": f"There is no domain {domain}."})
    if user not in candidates(site)[domain]:
        said = {"user": user, "domain": SigningDomain(domain).label, "site": site.name}
        raise ValidationError({"approver": "{user} may not sign for {domain} at {site}.".format(**said)})


def _answer(review: Review, state: SignOff.State, *, note: str, by: User, now: datetime) -> SignOff:
    _require(by, MAY_SEE)
    locked = _locked(review)
    sign_off = locked.sign_offs.filter(approver=by).first()
    if sign_off is None:
        raise NotNamed(f"You are not named for any domain of {locked}.")
    if by not in candidates(locked.site)[sign_off.domain]:
        said = {"domain": sign_off.get_domain_display(), "site": locked.site.name}
        raise NotNamed("You may no longer sign for {domain} at {site}.".format(**said))
    if sign_off.state == state:
        raise ReviewNotInState("You have answered so already.")
    sign_off.state, sign_off.signed_by, sign_off.answered_at = state, by, now
    sign_off.note = note.strip()
    sign_off.full_clean(exclude=["review", "approver", "signed_by"])
    sign_off.save()
    claim(locked)
    return sign_off


def _end(review: Review, state: Review.State, *, note: str, by: User, now: datetime) -> Review:
    review.state, review.ended_by, review.ended_at, review.end_note = state, by, now, note.strip()
    review.clean_fields(exclude=["site", "opened_by", "ended_by", "framework_version"])
    review.save()
    claim(review)
    return review


def claim(review: Review) -> None:
    """Have the site evaluated again: its check reads the review."""
    SiteChange.objects.create(site_id=review.site_id, origin=SiteChange.Origin.EVIDENCE)


def _locked(review: Review) -> Review:
    """Lock the open review until the end of the transaction."""
    locked = Review.objects.select_for_update(of=("self",)).select_related("site").get(pk=review.pk)
    if not locked.is_open:
        state = locked.get_state_display().lower()
        raise ReviewNotInState(f"{locked} has ended: {state}.")
    return locked


def _require(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise MissingPermission([permission])
