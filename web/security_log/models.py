"""Events of the security log, and the batches that chain them."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from web.audit.triggers import ERASING

DROPPING = "muster.dropping_security_events"
"""The setting under which the retention may delete events and batches; nothing else does."""
GIVEN_TIMES = "muster.event_times_as_given"
"""The setting under which events keep the time that they come with, in the tests, whose clock stands still."""
_STAYS = (
    "RAISE EXCEPTION 'The security log stays as it was written.'"
    " USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_stays', TABLE = '{table}';"
)
_DROPS = f"current_setting('{DROPPING}', true) = 'on'"
# A repeat is counted until the event is chained; an erasure takes the address and its salt. Both take the key by which
# repeats are found, because whoever tries all addresses could tell the erased one by it.
_EVENT_STAYS = f"""
IF TG_OP = 'DELETE' THEN
    IF {_DROPS} THEN RETURN OLD; END IF;
ELSE
    IF OLD.batch_id IS NULL AND NEW.times >= OLD.times AND NEW.last_at >= OLD.last_at THEN
        changeable := ARRAY['times', 'last_at', 'batch_id', 'digest', 'lead_id', 'alike'];
    END IF;
    IF current_setting('{ERASING}', true) = 'on' AND NEW.address = '' AND NEW.salt = '' THEN
        changeable := changeable || ARRAY['address', 'salt'];
    END IF;
    IF NEW.fold_key = '' THEN changeable := changeable || ARRAY['fold_key']; END IF;
    IF to_jsonb(NEW) - changeable = to_jsonb(OLD) - changeable THEN RETURN NEW; END IF;
END IF;
{_STAYS.format(table="web_securityevent")}
"""
_BATCH_STAYS = f"""
IF {_DROPS} THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF to_jsonb(NEW) - changeable = to_jsonb(OLD) - changeable THEN RETURN NEW; END IF;
END IF;
{_STAYS.format(table="web_securitybatch")}
"""


# Whoever may add rows could put an event into the past. A transaction may have begun long ago, and clocks of processes
# differ by some seconds; beyond that the database says its own time, and the event both.
_TIME_IS_BOUND = f"""
IF current_setting('{GIVEN_TIMES}', true) = 'on' THEN RETURN NEW; END IF;
IF NEW.last_at NOT BETWEEN now() - tolerance AND clock_timestamp() + tolerance
    OR TG_OP = 'INSERT' AND NEW.at NOT BETWEEN now() - tolerance AND clock_timestamp() + tolerance THEN
    IF TG_OP = 'INSERT' THEN
        NEW.detail := NEW.detail || jsonb_build_object('claimed_at', NEW.at);
        NEW.at := now();
    END IF;
    NEW.last_at := greatest(now(), NEW.at);
END IF;
RETURN NEW;
"""


def _not_emptied(table: str) -> pgtrigger.Trigger:
    """Triggers of rows see no TRUNCATE."""
    return pgtrigger.Trigger(
        name="not_emptied",
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        when=pgtrigger.Before,
        func=_STAYS.format(table=table),
    )


class SecurityStream(models.Model):
    """A receiver of the log, and the number of the last batch that it has. A worker that sends holds it until
    `leased_until`; `last_answer` says why the last attempt failed."""

    VISIBLE_WHERE = "false"  # of the whole installation

    receiver = models.CharField(max_length=300, unique=True)
    sent_batch = models.BigIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    last_answer = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["receiver"]
        verbose_name = "stream of the security log"
        verbose_name_plural = "streams of the security log"

    def __str__(self) -> str:
        return self.receiver


class SecurityBatch(models.Model):
    """A chained batch of events. The last one that the retention dropped stays as a checkpoint: `dropped_at` and
    `signature` say so. Muster leaves out no number, unless batches were cut whose heads are outside, or that were
    streamed."""

    VISIBLE_WHERE = "false"  # of the whole installation

    number = models.BigIntegerField("batch number", unique=True)
    chained_at = models.DateTimeField()
    events = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    head = models.BinaryField(max_length=32)
    dropped_at = models.DateTimeField(null=True)
    signature = models.CharField(max_length=64, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["number"]
        verbose_name = "batch of security events"
        verbose_name_plural = "batches of security events"
        constraints = [
            models.CheckConstraint(
                condition=Q(dropped_at=None, signature="") | Q(dropped_at__isnull=False) & ~Q(signature=""),
                name="security_batch_dropped_is_signed",
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="batch_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("changeable", "text[] := ARRAY['dropped_at', 'signature']")],
                func=_BATCH_STAYS,
            ),
            _not_emptied("web_securitybatch"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number}"


class SecurityEvent(models.Model):
    """Something that concerns who may do what. `times` counts repeats between `at` and `last_at`.

    `actor` acted, or `part` of Muster, or neither for somebody who is not signed in. `account` is whom it concerns.
    In a batch, the first of several alike events of one request or command leads: the others have it as their `lead`,
    and its `alike` counts them, so that a list shows one line. Accounts have no constraint, as in the history. The
    database bounds the times by its own: the time that a row came with is then in `detail`. `salt` proves `address` by
    `address_proof`; an erasure deletes both.
    A repeat has the same `fold_key`, which is "" for events that are never counted together, and for chained ones.
    """

    class Action(models.TextChoices):
        SIGNED_IN = "signed-in", "Signed in"
        SIGN_IN_FAILED = "sign-in-failed", "Sign-in failed"
        SIGN_IN_DELAYED = "sign-in-delayed", "Sign-in refused: too many attempts"
        SIGNED_OUT = "signed-out", "Signed out"
        SESSION_ENDED = "session-ended", "Session ended"
        LINK_ASKED = "link-asked", "Password link asked for"
        LINK_MADE = "link-made", "One-time link made"
        LINK_USED = "link-used", "One-time link used"
        REFUSED = "refused", "Refused: no permission"
        TOKEN_REFUSED = "token-refused", "Token refused"
        TOKEN_DELAYED = "token-delayed", "Token refused: too many attempts"
        EXPORTED = "exported", "File taken"
        ACCOUNT_MADE = "account-made", "Account added"
        ACCOUNT_CHANGED = "account-changed", "Account changed"
        ACCOUNT_DELETED = "account-deleted", "Account deleted"
        PASSWORD_SET = "password-set", "Password set"
        PASSWORD_REHASHED = "password-rehashed", "Password hashed anew"
        ROLE_GIVEN = "role-given", "Role given"
        ROLE_TAKEN = "role-taken", "Role taken"
        PERMISSION_GIVEN = "permission-given", "Permission given"
        PERMISSION_TAKEN = "permission-taken", "Permission taken"
        SCOPE_GIVEN = "scope-given", "Scope given"
        SCOPE_TAKEN = "scope-taken", "Scope taken"
        TOKEN_MADE = "token-made", "Token made"
        TOKEN_CHANGED = "token-changed", "Token changed"
        TOKEN_REVOKED = "token-revoked", "Token revoked"
        FACTOR_ADDED = "factor-added", "Second factor added"
        FACTOR_CHANGED = "factor-changed", "Second factor changed"
        FACTOR_REMOVED = "factor-removed", "Second factor removed"
        FACTOR_USED = "factor-used", "Second factor used"
        FACTOR_COPIED = "factor-copied", "Copied passkey refused"
        CODES_MADE = "codes-made", "Recovery codes made"
        CODE_USED = "code-used", "Recovery code used"
        IDENTITY_LINKED = "identity-linked", "Identity at the provider linked"
        IDENTITY_UNLINKED = "identity-unlinked", "Identity at the provider unlinked"
        RULE_ADDED = "rule-added", "Group rule added"
        RULE_REMOVED = "rule-removed", "Group rule removed"
        ADDRESSES_ERASED = "addresses-erased", "Addresses erased"
        EVENTS_DROPPED = "events-dropped", "Old events dropped"
        HEADS_DIFFERED = "heads-differed", "Heads outside differed"

    VISIBLE_WHERE = "false"  # of the whole installation
    PERSONAL = ("address",)
    ERASING_KEEPS = {"*": "Events name accounts by their id; the addresses of an erased person are deleted."}

    at = models.DateTimeField("first at")
    last_at = models.DateTimeField("at")
    times = models.PositiveIntegerField("times", default=1)
    action = models.CharField("event", max_length=20, choices=Action)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        verbose_name="acting account",
    )
    part = models.CharField("part of Muster", max_length=150, blank=True)
    token = models.CharField("token", max_length=12, blank=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        verbose_name="concerned account",
    )
    address = models.CharField("address", max_length=45, blank=True)
    salt = models.CharField(max_length=32, blank=True, editable=False)
    address_proof = models.CharField(max_length=64, blank=True, editable=False)
    place = models.CharField("page or endpoint", max_length=200, blank=True)
    detail = models.JSONField("detail", default=dict, blank=True)
    request_id = models.CharField("request", max_length=64, blank=True)
    fold_key = models.CharField(max_length=64, blank=True, editable=False)
    batch = models.ForeignKey(
        SecurityBatch, models.PROTECT, related_name="chained_events", null=True, editable=False
    )
    digest = models.BinaryField(max_length=32, null=True, editable=False)
    lead = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        related_name="+",
        null=True,
        editable=False,
        db_constraint=False,
        db_index=False,
    )
    alike = models.PositiveIntegerField("alike", default=0, db_default=0, editable=False)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-last_at", "-id"]
        verbose_name = "security event"
        verbose_name_plural = "security events"
        indexes = [
            models.Index(fields=["last_at", "id"], name="security_event_newest"),
            # The list, without what is folded; and what a line of it opens.
            models.Index(fields=["last_at", "id"], name="security_event_leads", condition=Q(lead=None)),
            models.Index(fields=["lead"], name="security_event_folded", condition=Q(lead__isnull=False)),
            # What the chaining job looks for each half minute.
            models.Index(fields=["id"], name="security_event_open", condition=Q(batch=None)),
            # What each look at the faults of Muster reads, here and below.
            models.Index(
                fields=["last_at"], name="security_event_signed_in", condition=Q(action="signed-in")
            ),
            models.Index(
                fields=["last_at"],
                name="security_event_sign_in_failed",
                condition=Q(action__in=["sign-in-failed", "sign-in-delayed"]),
            ),
            models.Index(
                fields=["last_at"], name="security_event_differed", condition=Q(action="heads-differed")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["fold_key"],
                condition=~Q(fold_key=""),
                name="security_event_counts_repeats",
            ),
            models.CheckConstraint(
                condition=Q(batch=None) | Q(fold_key=""), name="security_event_chained_counts_none"
            ),
            models.CheckConstraint(
                condition=Q(batch=None, digest=None) | Q(batch__isnull=False, digest__isnull=False),
                name="security_event_chained_has_digest",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="event_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("changeable", "text[] := ARRAY[]::text[]")],
                func=_EVENT_STAYS,
            ),
            pgtrigger.Trigger(
                name="time_is_bound",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("last_at"),
                when=pgtrigger.Before,
                declare=[("tolerance", "interval := '5 minutes'")],
                func=_TIME_IS_BOUND,
            ),
            _not_emptied("web_securityevent"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.pk})"


BAD_ACTIONS = frozenset(
    {
        *(SecurityEvent.Action.SIGN_IN_FAILED, SecurityEvent.Action.SIGN_IN_DELAYED),
        *(SecurityEvent.Action.REFUSED, SecurityEvent.Action.TOKEN_REFUSED),
        *(SecurityEvent.Action.TOKEN_DELAYED, SecurityEvent.Action.FACTOR_COPIED),
    }
)
"""Somebody tried what they may not do."""
