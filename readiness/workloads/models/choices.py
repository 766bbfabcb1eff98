"""Labels of the words that a workload class is described with; the words are those of the core."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from readiness.workloads.core.envelope import CostUnit, Criticality, DataCategory, WorkloadKind


class WorkloadKindChoices(models.TextChoices):
    INTERACTIVE = WorkloadKind.INTERACTIVE.value, _("Interactive")
    BATCH = WorkloadKind.BATCH.value, _("Batch")
    TRAINING = WorkloadKind.TRAINING.value, _("Training")


class CriticalityChoices(models.TextChoices):
    CRITICAL = Criticality.CRITICAL.value, _("Critical")
    IMPORTANT = Criticality.IMPORTANT.value, _("Important")
    STANDARD = Criticality.STANDARD.value, _("Standard")
    BEST_EFFORT = Criticality.BEST_EFFORT.value, _("Best effort")


class CostUnitChoices(models.TextChoices):
    ACCELERATOR_HOUR = CostUnit.ACCELERATOR_HOUR.value, _("per accelerator-hour")
    MILLION_TOKENS = CostUnit.MILLION_TOKENS.value, _("per 1 M output tokens")
    MILLION_REQUESTS = CostUnit.MILLION_REQUESTS.value, _("per 1 M requests")
    MONTH = CostUnit.MONTH.value, _("per month")


class DataCategoryChoices(models.TextChoices):
    PUBLIC = DataCategory.PUBLIC.value, _("Public")
    CONFIDENTIAL = DataCategory.CONFIDENTIAL.value, _("Confidential")
    PERSONAL = DataCategory.PERSONAL.value, _("Personal")
    SPECIAL_CATEGORY = DataCategory.SPECIAL_CATEGORY.value, _("Special category of personal data")
    HEALTH = DataCategory.HEALTH.value, _("Health")
    FINANCIAL = DataCategory.FINANCIAL.value, _("Financial")
    EXPORT_CONTROLLED = DataCategory.EXPORT_CONTROLLED.value, _("Export-controlled")


class MinVerdict(models.TextChoices):
    CONDITIONAL = "conditional", _("Conditional or ready")
    READY = "ready", _("Ready")
