from django.apps import AppConfig


class StandardsConfig(AppConfig):
    name = "readiness.assessment.standards"
    label = "standards"
    verbose_name = "Standards"

    def ready(self) -> None:
        from inventory.models import Device, Site
        from readiness.assessment.standards.panels import deviations_panel
        from web.kinds import panels

        for model in (Device, Site):
            panels.register(model, deviations_panel)
