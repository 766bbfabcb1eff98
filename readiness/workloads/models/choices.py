"""Labels of the words that a workload class is described with; the words are those of the core."""

from django.db import models

from readiness.workloads.core.envelope import CostUnit, Criticality, DataCategory, WorkloadKind


class WorkloadKindChoices(models.TextChoices):
    INTERACTIVE = WorkloadKind.INTERACTIVE.value, "Interactive"
    BATCH = WorkloadKind.BATCH.value, "Batch"
    TRAINING = WorkloadKind.TRAINING.value, "Training"


class CriticalityChoices(models.TextChoices):
    CRITICAL = Criticality.CRITICAL.value, "Critical"
    IMPORTANT = Criticality.IMPORTANT.value, "Important"
    STANDARD = Criticality.STANDARD.value, "Standard"
    BEST_EFFORT = Criticality.BEST_EFFORT.value, "Best effort"


class CostUnitChoices(models.TextChoices):
    ACCELERATOR_HOUR = CostUnit.ACCELERATOR_HOUR.value, "per accelerator-hour"
    MILLION_TOKENS = CostUnit.MILLION_TOKENS.value, "per 1 M output tokens"
    MILLION_REQUESTS = CostUnit.MILLION_REQUESTS.value, "per 1 M requests"
    MONTH = CostUnit.MONTH.value, "per month"


class DataCategoryChoices(models.TextChoices):
    PUBLIC = DataCategory.PUBLIC.value, "Public"
    CONFIDENTIAL = DataCategory.CONFIDENTIAL.value, "Confidential"
    PERSONAL = DataCategory.PERSONAL.value, "Personal"
    SPECIAL_CATEGORY = DataCategory.SPECIAL_CATEGORY.value, "Special category of personal data"
    HEALTH = DataCategory.HEALTH.value, "Health"
    FINANCIAL = DataCategory.FINANCIAL.value, "Financial"
    EXPORT_CONTROLLED = DataCategory.EXPORT_CONTROLLED.value, "Export-controlled"


class MinVerdict(models.TextChoices):
    CONDITIONAL = "conditional", "Conditional or ready"
    READY = "ready", "Ready"
