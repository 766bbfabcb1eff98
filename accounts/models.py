"""Users, their sessions, tokens and saved views. Teams and skills are in readiness.organisation.people."""

from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser, Group
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import connection, models, transaction
from django.db.models import Q

WRITER = "(NULLIF(current_setting('muster.acting', true), '')::jsonb ->> 'user')::bigint"
"""The key of the user who writes, in SQL, as the history is told (`web/actor.py`)."""
READER_SETTING = "muster.reader"
READER = f"NULLIF(current_setting('{READER_SETTING}', true), '')::bigint"
"""The key of the user with scopes who reads, in SQL, for rows that are one's own (`web/scopes.py`)."""
REHASHING = "muster.rehashing"
"""The setting under which a hash of a password changes and the password does not."""


class User(AbstractUser):
    """A person who signs in. Preferences hold display choices only (theme, units, columns), never rights."""

    HISTORY = True
    HISTORY_LEAVES_OUT = ("password", "last_login")
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = f"accounts_user.id = {WRITER}"

    class Theme(models.TextChoices):
        SYSTEM = "system", "System"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    time_zone = models.CharField("time zone", max_length=64, default="UTC")
    theme = models.CharField("theme", max_length=8, choices=Theme, default=Theme.SYSTEM)
    preferences = models.JSONField(default=dict, blank=True)
    # Lets the history show that a password was set, and by whom, without storing it.
    password_set_at = models.DateTimeField("password set at", null=True, blank=True, editable=False)

    class Meta(AbstractUser.Meta):
        # Backups are files and no model; they hold every account.
        permissions = [("view_backup", "Can see backups")]
        constraints = [
            models.UniqueConstraint(
                "email",
                condition=~Q(email=""),
                name="user_email_unique",
                violation_error_message="This e-mail is taken.",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

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
    gave it its role, or opened it.

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


class TokenQuerySet(models.QuerySet["Token"]):
    def usable(self, now) -> "TokenQuerySet":
        """Enabled tokens that have not expired; a user's token works only while the user is active."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            Q(user__isnull=True) | Q(user__is_active=True),
            enabled=True,
        )


class Token(models.Model):
    """A key for programs: shown once, stored as a digest. It acts for its user.

    An `ingest` token has no user: it belongs to one source, and only sends its telemetry.
    """

    HISTORY = True
    HISTORY_LEAVES_OUT = ("digest", "is_keyed", "last_used_at")
    VISIBLE_WHERE = "true"  # organisation-wide
    # One's own, and that of a source, which is made before its source.
    WRITABLE_WHERE = f"""accounts_token.user_id = {WRITER} OR accounts_token.user_id IS NULL
        AND (accounts_token.created_by_id = {WRITER}
            OR EXISTS (SELECT FROM telemetry_source AS source
                WHERE source.token_id = accounts_token.id AND source.site_id IS NOT NULL))"""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        WRITE = "write", "Read and write"
        INGEST = "ingest", "Ingest for one source"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens", null=True, blank=True)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    # Hashed with a signing key, as earlier releases did; the next use of the token hashes it without one.
    is_keyed = models.BooleanField(default=False, editable=False)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.READ)
    enabled = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="+", null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Rounded to the minute, so that a busy token causes at most one write a minute.
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("created_at")),
                name="token_expires_after_creation",
                violation_error_message="The token would have expired already.",
            ),
            models.CheckConstraint(
                condition=Q(scope="ingest", user=None) | (~Q(scope="ingest") & Q(user__isnull=False)),
                name="token_of_user_or_source",
                violation_error_message="A token for telemetry is made with its source.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class SavedView(models.Model):
    """A saved list: the page's url name, and the query of its address.

    A list opens with its default view: the owner's, or a shared one for users without a default of their own.
    """

    HISTORY = True
    # A shared view may name sites, so users with a scope only see their own views.
    VISIBLE_WHERE = f"NOT accounts_savedview.shared AND accounts_savedview.owner_id = {READER}"
    # A personal view may name sites too, and the history covers everybody's views.
    VISIBLE_IN_HISTORY_WHERE = "false"
    WRITABLE_WHERE = f"NOT accounts_savedview.shared AND accounts_savedview.owner_id = {WRITER}"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views", editable=False)
    table = models.CharField(
        max_length=100, help_text="The url name of the list's page, such as device-list."
    )
    name = models.CharField(max_length=60)
    query = models.CharField(
        max_length=2000,
        blank=True,
        help_text="Filters, sort and columns, as the address of the list has them.",
    )
    shared = models.BooleanField(default=False, help_text="Everybody who may open the list sees it.")
    default = models.BooleanField(default=False, help_text="The list opens with it.")

    class Meta:
        ordering = ["name", "id"]
        default_permissions = ("view", "change", "delete")
        permissions = [("share_savedview", "Can share saved views")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "table", "name"],
                name="saved_view_name_unique",
                violation_error_message="You have a view of this name already.",
            ),
            models.UniqueConstraint(
                fields=["owner", "table"],
                condition=Q(default=True),
                name="saved_view_one_default",
                violation_error_message="Another view is the default of this list.",
            ),
            models.UniqueConstraint(
                fields=["table"],
                condition=Q(default=True, shared=True),
                name="saved_view_one_shared_default",
                violation_error_message="Another shared view is the default of this list for everybody.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Session(AbstractBaseSession):
    """A session of a browser. It has no user before somebody has signed in.

    `accounts/sessions.py` writes the columns from what the session holds; `seen_at` is the last use, some minutes
    coarse.
    """

    # Whoever signs in or out writes them, whatever the scope; the operations decide whose.
    VISIBLE_WHERE = "true"
    WRITABLE_WHERE = "true"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", null=True)
    began_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=300, blank=True)

    class Meta(AbstractBaseSession.Meta):
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, began_at=None, seen_at=None)
                | Q(user__isnull=False, began_at__isnull=False, seen_at__isnull=False),
                name="session_of_user_is_whole",
            )
        ]


class SignInLink(models.Model):
    """A one-time link: it makes the first administrator of a new installation, signs its user in, or lets its user
    choose a new password."""

    VISIBLE_WHERE = "true"  # organisation-wide

    class Kind(models.TextChoices):
        FIRST_ADMIN = "first-admin", "Makes the first administrator"
        SIGN_IN = "sign-in", "Signs in"
        PASSWORD = "password", "Sets a password"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.FIRST_ADMIN)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", null=True, blank=True)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="first-admin", user=None)
                | Q(kind__in=["sign-in", "password"], user__isnull=False),
                name="sign_in_link_leads_somewhere",
            )
        ]

    def __str__(self) -> str:
        return f"sign-in link of {self.created_at:%-d %b %Y %H:%M} UTC"
