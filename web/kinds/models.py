"""Files of objects: planned, running and finished imports."""

from django.conf import settings
from django.db import models

from accounts.models import WRITER


class FileImport(models.Model):
    """`kind` is the label of its model. `mapping` gives each target its column and the default for empty cells. Counts,
    `problems` and `changes` are those of the check, or of the import once it ended; so is `refused`, the rows that are
    not taken with their reasons, as a file. Users only see their own.
    """

    VISIBLE_WHERE = "true"
    WRITABLE_WHERE = f"web_fileimport.by_id = {WRITER}"

    class State(models.TextChoices):
        MAPPING = "mapping", "To be mapped"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        APPLYING = "applying", "Being imported"
        DONE = "done", "Imported"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    WORKING = (State.CHECKING, State.APPLYING)

    kind = models.CharField(max_length=100)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    head = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    keeps_good = models.BooleanField(default=False)
    message = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    cancel_asked = models.BooleanField(default=False)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.BinaryField(default=bytes)
    counts = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    changes = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        ordering = ["-begun_at", "-id"]
        verbose_name = "import"

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_working(self) -> bool:
        return self.state in self.WORKING
