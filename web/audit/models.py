"""The model of the audit table."""

from django.db import models


class AuditEntry(models.Model):
    """`before` is None for a created row, `after` for a deleted one.

    Only the triggers write here. `user_id` has no foreign key, because deleted users matter most. `username` is a
    user's name, or that of a part of Muster; both are empty for writes from outside.
    """

    class Action(models.TextChoices):
        CREATED = "created"
        CHANGED = "changed"
        DELETED = "deleted"

    at = models.DateTimeField()
    # Whether the entry outlives the retention; part of the partition key.
    lasts = models.BooleanField()
    table = models.CharField(max_length=63)
    object_id = models.BigIntegerField()
    action = models.CharField(max_length=8, choices=Action)
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150)
    token = models.CharField(max_length=12)
    message = models.TextField()
    request_id = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        # The table is partitioned, which Django migrations cannot express.
        managed = False
        db_table = "audit_entry"
        default_permissions = ()
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.table} {self.object_id} {self.action}"
