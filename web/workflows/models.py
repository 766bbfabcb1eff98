"""Who was the second person at a step that asks for two."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class ApprovalFlag(models.TextChoices):
    """A reason for an administrator to look at an approval."""

    ALONE = "alone", "One person, with a reason"
    OPENED = "opened", "Password or token from the other"
    OWN_ROLE = "own-role", "Gave itself its role"
    RELINKED = "relinked", "Linked to one person in turn"
    ROLE = "role", "Role from the other"
    SHARED = "shared", "One person's accounts"
    YOUNG = "young", "Account made by the other"


class Approval(models.Model):
    """`second` took the step at the object, after `first` had acted on it. `table` is the label of its model.

    Where several acted before, `first` is the one whose account is closest to the second. The flags are those of the
    time; a link that comes into force within 30 days adds one.
    """

    # Without a key to the site: inventory is a floor above.
    VISIBLE_WHERE = """web_approval.site_id IS NULL
        OR EXISTS (SELECT FROM inventory_site AS site WHERE site.id = web_approval.site_id)"""

    table = models.CharField("what", max_length=100)
    object_id = models.BigIntegerField()
    site_id = models.BigIntegerField(null=True)
    step = models.CharField("step", max_length=40)
    first = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="first person"
    )
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="second person"
    )
    asked_at = models.DateTimeField("asked at", null=True)
    at = models.DateTimeField("approved at")
    flags = ArrayField(
        models.CharField(max_length=10, choices=ApprovalFlag), default=list, verbose_name="rests on"
    )

    class Meta:
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        verbose_name = "approval"
        verbose_name_plural = "approvals"
        indexes = [
            models.Index(fields=["table", "object_id"], name="approval_of_object"),
            GinIndex(fields=["flags"], name="approval_by_flag"),
        ]

    def __str__(self) -> str:
        return f"{self.step}: {self.table} {self.object_id}"
