"""Second factors prove beside the password who somebody is; recovery codes stand for one."""

from django.db import models
from django.db.models import Q

from accounts.models.users import WRITER, User


class SecondFactor(models.Model):
    """Something that a user has, and shows after the password or instead of it.

    An authenticator app has a `secret`, which is encrypted, and `last_step`, the time step of the last code that was
    taken: no code is taken twice. A passkey has the public `credential` that its device made, as WebAuthn encodes it,
    with its `credential_id`, and `sign_count`, which grows with each use where the device counts. `copied_at` is when
    the count last showed that there is a copy: from then on the passkey counts after the password alone.
    """

    HISTORY = True
    HISTORY_TITLE = ("user", "name")
    HISTORY_PERMISSION = "accounts.view_user"
    HISTORY_LEAVES_OUT = ("secret", "last_step", "credential", "credential_id", "sign_count", "last_used_at")
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = f"accounts_secondfactor.user_id = {WRITER}"

    class Kind(models.TextChoices):
        APP = "app", "Authenticator app"
        PASSKEY = "passkey", "Passkey"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="factors")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=60)
    secret = models.BinaryField(null=True, editable=False)
    last_step = models.BigIntegerField(null=True, editable=False)
    credential = models.BinaryField(null=True, editable=False)
    credential_id = models.BinaryField(
        max_length=1023,
        null=True,
        unique=True,
        editable=False,
        error_messages={"unique": "This passkey was added already."},
    )
    sign_count = models.BigIntegerField(default=0, editable=False)
    copied_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["created_at", "id"]
        default_permissions = ()
        verbose_name = "second factor"
        verbose_name_plural = "second factors"
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(kind="app"),
                name="second_factor_one_app",
                violation_error_message="You have an authenticator app already.",
            ),
            models.UniqueConstraint(
                fields=["user", "name"],
                name="second_factor_name_once",
                violation_error_message="You have a second factor of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(kind="app", secret__isnull=False, credential=None, credential_id=None)
                | Q(kind="passkey", secret=None, credential__isnull=False, credential_id__isnull=False),
                name="second_factor_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """A code that stands for a second factor once. Only its digest is stored."""

    HISTORY = True
    HISTORY_PERMISSION = "accounts.view_user"
    HISTORY_LEAVES_OUT = ("digest",)
    VISIBLE_WHERE = "true"  # organisation-wide
    WRITABLE_WHERE = f"accounts_recoverycode.user_id = {WRITER}"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
