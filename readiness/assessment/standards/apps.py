from django.apps import AppConfig


class StandardsConfig(AppConfig):
    name = "readiness.assessment.standards"
    label = "standards"
    verbose_name = "Standards"
