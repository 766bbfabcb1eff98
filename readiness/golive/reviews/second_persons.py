"""Go-live reviews: after whom somebody signs or decides, and for whom both wait."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, prefetch_related_objects

from accounts.models import User
from readiness.assessment.evidence.models import Review, SigningDomain, SignOff
from readiness.golive.models import Approver
from web.workflows import Turn, second


def sign_off_of(review: Review, by: User) -> SignOff | None:
    return next((each for each in review.sign_offs.all() if each.approver_id == by.pk), None)


def _signing_firsts(review: Review, by: User) -> second.Firsts:
    """Who opened the review, named somebody in it or made this person an approver, and who signed another domain."""
    sign_off = sign_off_of(review, by)
    entries = Approver.objects.filter(Q(site=review.site_id) | Q(site=None), user=by)
    added = entries.filter(domain=sign_off.domain if sign_off else "")
    others = [each for each in review.sign_offs.all() if each.approver_id != by.pk]
    return [
        (review.opened_by_id, review.opened_at),
        *((each.named_by_id, review.opened_at) for each in review.sign_offs.all()),
        *added.order_by("pk").values_list("added_by_id", "added_at"),
        *_signers(others),
    ]


def _signers(sign_offs: Iterable[SignOff]) -> second.Firsts:
    return [(each.signed_by_id, each.answered_at) for each in sign_offs]


SIGNS = second.SecondPerson(_signing_firsts)
DECIDES: second.SecondPerson[Review] = second.SecondPerson(
    lambda review, by: _signers(review.sign_offs.all())
)
"""Five people sign, and none of them decides. Who opened the review may."""


def _asks_to_sign(by: User, now: datetime) -> Q:
    """Nobody waits for a named person who may no longer sign; somebody else must be named."""
    own_accounts = second.own_accounts(by, now=now)
    of_domain = Approver.objects.filter(domain=OuterRef("domain"), user__is_active=True)
    own = of_domain.filter(site=OuterRef("review__site"))
    may_sign = Exists(own.filter(user=by)) | (~Exists(own) & Exists(of_domain.filter(site=None, user=by)))
    made_by_self = Approver.objects.filter(
        Q(site=OuterRef("review__site")) | Q(site=None),
        domain=OuterRef("domain"),
        user=by,
        added_by__in=own_accounts,
    )
    waiting_sign_offs = SignOff.objects.filter(
        may_sign, ~Exists(made_by_self), approver=by, state=SignOff.State.WAITING
    )
    took_part = SignOff.objects.filter(
        Q(named_by__in=own_accounts) | Q(signed_by__in=own_accounts), review=OuterRef("pk")
    )
    is_open = Q(state=Review.State.OPEN, pk__in=waiting_sign_offs.values("review"))
    return is_open & Q(~Exists(took_part)) & second.others("opened_by", by, now)


def _answered_by_all(by: User, now: datetime) -> Q:
    waiting = SignOff.objects.filter(review=OuterRef("pk"), state=SignOff.State.WAITING)
    signed = SignOff.objects.filter(review=OuterRef("pk"), signed_by__in=second.own_accounts(by, now=now))
    return Q(~Exists(waiting), ~Exists(signed), state=Review.State.OPEN)


def _signatures(reviews: Sequence[Review]) -> Iterable[str]:
    prefetch_related_objects(reviews, "sign_offs")
    for review in reviews:
        signed = [each for each in review.sign_offs.all() if each.state == SignOff.State.SIGNED]
        yield f"{review}, {len(signed)} of {len(SigningDomain)} signed"


SIGNING = Turn(
    kind="Sign a go-live review",
    verb="Review",
    tab="reviews",
    page="review",
    of=_asks_to_sign,
    subjects=_signatures,
    asked_by=lambda review: review.opened_by,
    since="opened_at",
    joined=("site", "opened_by"),
)
DECIDING = replace(SIGNING, kind="Decide a go-live review", verb="Decide", of=_answered_by_all)
