"""The words that stored results may hold."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CheckState(models.TextChoices):
    PASS = "pass", _("Pass")
    WARN = "warn", _("Warn")
    FAIL = "fail", _("Fail")
    UNKNOWN = "unknown", _("Unknown")
    STALE = "stale", _("Stale")
    WAIVED = "waived", _("Waived")
    NOT_APPLICABLE = "n-a", _("Not applicable")


class Verdict(models.TextChoices):
    READY = "ready", _("Ready")
    CONDITIONAL = "conditional", _("Conditional")
    NOT_READY = "not-ready", _("Not ready")


class Health(models.TextChoices):
    OK = "ok", _("OK")
    WARN = "warn", _("Warn")
    CRITICAL = "critical", _("Critical")
    UNKNOWN = "unknown", _("Unknown")
    MAINTENANCE = "maintenance", _("Maintenance")
    NOT_MONITORED = "not-monitored", _("Not monitored")


class Tier(models.TextChoices):
    MEASURED = "measured", _("Measured")
    DECLARED = "declared", _("Declared")
    CAPPED = "capped", _("Declared, not measured")
