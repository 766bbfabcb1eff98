"""The words that a workload class is described with; the same values as in readiness.workloads.core.envelope."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    INTERACTIVE = "interactive", _("Interactive")
    BATCH = "batch", _("Batch")
    TRAINING = "training", _("Training")


class Criticality(models.TextChoices):
    CRITICAL = "critical", _("Critical")
    IMPORTANT = "important", _("Important")
    STANDARD = "standard", _("Standard")
    BEST_EFFORT = "best-effort", _("Best effort")


class CostUnit(models.TextChoices):
    ACCELERATOR_HOUR = "accelerator-hour", _("per accelerator-hour")
    MILLION_TOKENS = "million-tokens", _("per 1 M output tokens")
    MILLION_REQUESTS = "million-requests", _("per 1 M requests")
    MONTH = "month", _("per month")


class DataCategory(models.TextChoices):
    PUBLIC = "public", _("Public")
    CONFIDENTIAL = "confidential", _("Confidential")
    PERSONAL = "personal", _("Personal")
    SPECIAL_CATEGORY = "special-category", _("Special category of personal data")
    HEALTH = "health", _("Health")
    FINANCIAL = "financial", _("Financial")
    EXPORT_CONTROLLED = "export-controlled", _("Export-controlled")


class MinVerdict(models.TextChoices):
    CONDITIONAL = "conditional", _("Conditional or ready")
    READY = "ready", _("Ready")
