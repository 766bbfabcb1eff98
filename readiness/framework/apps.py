from django.apps import AppConfig


class FrameworkConfig(AppConfig):
    name = "readiness.framework"
    label = "framework"
    verbose_name = "Framework"
