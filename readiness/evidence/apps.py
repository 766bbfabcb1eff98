from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "readiness.evidence"
    label = "evidence"
    verbose_name = "Evidence"
