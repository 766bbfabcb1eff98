from django.apps import AppConfig


class WorkloadsConfig(AppConfig):
    name = "readiness.workloads"
    label = "workloads"
    verbose_name = "Workloads"
