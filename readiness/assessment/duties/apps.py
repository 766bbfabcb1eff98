from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "readiness.assessment.duties"
    label = "duties"
    verbose_name = "Duties and certificates"
