"""Users, their roles, scopes and ties. Teams and skills are in readiness.organisation.people."""

from typing import ClassVar

import pgtrigger
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.db import connection, models, transaction
from django.db.models import Q

WRITER = "(NULLIF(current_setting('muster.acting', true), '')::jsonb ->> 'user')::bigint"
"""The key of the user who writes, in SQL, as the history is told (`web/actor.py`)."""
READER_SETTING = "muster.reader"
READER = f"NULLIF(current_setting('{READER_SETTING}', true), '')::bigint"
"""The key of the user with scopes who reads, in SQL, for rows that are one's own (`web/scopes.py`)."""
REHASHING = "muster.rehashing"
"""The setting under which a hash of a password changes and the password does not."""


# That the owner can sign in is checked once, when they become the owner.
# Later they may leave, and somebody must mend that.
_OWNER_CAN_SIGN_IN = f"""
    IF NEW.kind = 'service' AND (TG_OP = 'INSERT' OR OLD.kind <> 'service' OR OLD.owner_id IS NOT NULL)
        AND NEW.owner_id IS NULL THEN
        RAISE EXCEPTION 'A service account has an owner.' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'service_account_has_owner', TABLE = 'accounts_user', COLUMN = 'owner_id';
    END IF;
    IF NEW.kind = 'service' AND (TG_OP = 'INSERT' OR OLD.kind <> 'service' OR OLD.purpose <> '')
        AND NEW.purpose = '' THEN
        RAISE EXCEPTION 'A service account has a purpose.' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'service_account_has_purpose', TABLE = 'accounts_user', COLUMN = 'purpose';
    END IF;
    IF NEW.owner_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.owner_id IS DISTINCT FROM OLD.owner_id) THEN
        PERFORM 1 FROM accounts_user AS person WHERE person.id = NEW.owner_id AND person.kind = 'person'
            AND person.is_active AND (person.password NOT LIKE '{UNUSABLE_PASSWORD_PREFIX}%'
                OR EXISTS (SELECT FROM accounts_externalidentity AS identity WHERE identity.user_id = person.id))
            FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'The owner is a person who can sign in.' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'service_account_owner_is_person', TABLE = 'accounts_user', COLUMN = 'owner_id';
        END IF;
    END IF;
    IF NEW.kind = 'service' AND TG_OP = 'UPDATE'
        AND EXISTS (SELECT FROM accounts_user AS owned WHERE owned.owner_id = NEW.id) THEN
        RAISE EXCEPTION 'This account owns service accounts.' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'service_account_owns_none', TABLE = 'accounts_user', COLUMN = 'kind';
    END IF;
    RETURN NEW;
"""
OWNER_CAN_SIGN_IN = pgtrigger.Trigger(
    name="owner_can_sign_in",
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("kind", "owner_id", "purpose"),
    when=pgtrigger.Before,
    func=" ".join(_OWNER_CAN_SIGN_IN.split()),
)


class UserQuerySet(models.QuerySet["User"]):
    def people_who_sign_in(self) -> "UserQuerySet":
        """Active people with a password or an account at the provider: they may own service accounts."""
        signs_in = ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX) | Q(identity__isnull=False)
        return self.filter(signs_in, kind=User.Kind.PERSON, is_active=True)

    def unowned(self) -> "UserQuerySet":
        """Active service accounts that nobody answers for: without an owner, or with one who was deactivated."""
        return self.filter(Q(owner=None) | Q(owner__is_active=False), kind=User.Kind.SERVICE, is_active=True)


class UserRows(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    use_in_migrations = False


class User(AbstractUser):
    """A person who signs in, or a service account: a program's, with tokens only, an owner and a purpose.

    Preferences hold display choices only (theme, units, columns), never rights. Service accounts of before this rule
    have no owner.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("password", "last_login", "factor_asked_at")
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = f"accounts_user.id = {WRITER}"

    class Theme(models.TextChoices):
        SYSTEM = "system", "System"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        SERVICE = "service", "Service account"

    kind = models.CharField("kind", max_length=8, choices=Kind, default=Kind.PERSON)
    owner = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="service_accounts",
        null=True,
        blank=True,
        help_text="The person who answers for a service account.",
    )
    purpose = models.CharField(
        "purpose", max_length=300, blank=True, help_text="What a service account is for, in a sentence."
    )
    time_zone = models.CharField("time zone", max_length=64, default="UTC")
    theme = models.CharField("theme", max_length=8, choices=Theme, default=Theme.SYSTEM)
    preferences = models.JSONField(default=dict, blank=True)
    # Lets the history show that a password was set, and by whom, without storing it.
    password_set_at = models.DateTimeField("password set at", null=True, blank=True, editable=False)
    # The first sign-in without a second factor that the role needs.
    factor_asked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserRows] = UserRows()  # type: ignore[assignment]

    class Meta(AbstractUser.Meta):
        # Backups are files and no model; they hold every account.
        permissions = [("view_backup", "Can see backups")]
        constraints = [
            models.UniqueConstraint(
                "email",
                condition=~Q(email=""),
                name="user_email_unique",
                violation_error_message="This e-mail is taken.",
            ),
            models.CheckConstraint(
                condition=Q(kind="service") | Q(kind="person", owner=None, purpose=""),
                name="user_only_services_are_owned",
                violation_error_message="Only a service account has an owner and a purpose.",
            ),
            models.CheckConstraint(
                condition=Q(kind="person") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX),
                name="user_service_has_no_password",
                violation_error_message="A service account has no password.",
            ),
        ]
        triggers = [OWNER_CAN_SIGN_IN]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def is_service(self) -> bool:
        return self.kind == self.Kind.SERVICE

    @property
    def is_unowned(self) -> bool:
        """Whether nobody answers for it: the rule of `UserQuerySet.unowned`."""
        return self.is_service and self.is_active and (self.owner is None or not self.owner.is_active)

    def check_password(self, raw_password: str | None) -> bool:
        """Do what Django does, and tell triggers that a hash with new parameters is no new password."""

        def hash_anew(password: str) -> None:
            self.set_password(password)
            self._password = None
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL {REHASHING} = 'on'")
                self.save(update_fields=["password"])
                cursor.execute(f"SET LOCAL {REHASHING} = 'off'")

        return check_password(raw_password, self.password, hash_anew)


class RoleMembership(User.groups.through):  # type: ignore[name-defined]
    """A user's place in a group, declared so that history shows who gave whom which role."""

    HISTORY = True

    class Meta:
        proxy = True
        verbose_name = "membership"


class UserPermission(User.user_permissions.through):  # type: ignore[name-defined]
    """A user's permission besides those of the role, declared so that history shows it."""

    HISTORY = True

    class Meta:
        proxy = True
        verbose_name = "permission of a user"
        verbose_name_plural = "permissions of users"


class GroupPermission(Group.permissions.through):  # type: ignore[name-defined]
    """A role's permission, declared so that history shows it."""

    HISTORY = True

    class Meta:
        proxy = True
        verbose_name = "permission of a role"
        verbose_name_plural = "permissions of roles"


class ScopeKind(models.TextChoices):
    REGION = "region", "Region"
    SITE = "site", "Site"


class AccessScope(models.Model):
    """Limits a user to regions or sites, by slug because inventory is a floor above. No row means everywhere."""

    HISTORY = True
    HISTORY_TITLE = ("user", "kind", "slug")
    # A slug is also a name of a site or region.
    VISIBLE_WHERE = """EXISTS (SELECT FROM inventory_site AS site
            WHERE accounts_accessscope.kind = 'site' AND site.slug = accounts_accessscope.slug)
        OR EXISTS (SELECT FROM inventory_region AS region
            WHERE accounts_accessscope.kind = 'region' AND region.slug = accounts_accessscope.slug)"""
    WRITABLE_WHERE = "false"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_scopes")
    kind = models.CharField(max_length=8, choices=ScopeKind)
    slug = models.SlugField(max_length=100)

    class Meta:
        ordering = ["user", "kind", "slug"]
        constraints = [models.UniqueConstraint(fields=["user", "kind", "slug"], name="access_scope_unique")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.slug}"


class AccountTie(models.Model):
    """A reason why one person may act with two accounts: both were linked to this person, or `by` made the account,
    gave it its role, opened it or owned it until then.

    A trigger writes the links of people, `accounts.operations` the others. `person_id` is a key of a floor above.
    """

    VISIBLE_WHERE = "true"  # organisation-wide
    # Whoever makes a token or sets a password of their own leaves a mark.
    WRITABLE_WHERE = f"accounts_accounttie.account_id = {WRITER} AND accounts_accounttie.by_id = {WRITER}"

    class Kind(models.TextChoices):
        PERSON = "person", "Linked to a person"
        MADE = "made", "Made by"
        ROLE = "role", "Given a role by"
        OPENED = "opened", "Given a password or a token by"

    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="ties")
    kind = models.CharField(max_length=8, choices=Kind)
    person_id = models.BigIntegerField(null=True)
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", null=True)
    began_at = models.DateTimeField()
    # What was done at an instant ended at that instant; null is for a link in force.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["began_at", "id"]
        default_permissions = ()
        verbose_name = "tie of accounts"
        verbose_name_plural = "ties of accounts"
        indexes = [models.Index(fields=["person_id"], name="account_tie_of_person")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="person", person_id__isnull=False, by=None)
                | Q(
                    kind__in=["made", "role", "opened"],
                    person_id=None,
                    by__isnull=False,
                    ended_at=models.F("began_at"),
                ),
                name="account_tie_is_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.get_kind_display()} {self.person_id or self.by_id}"
