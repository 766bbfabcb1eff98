from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "readiness.assessment.evidence"
    label = "evidence"
    verbose_name = "Evidence"
