from django.apps import AppConfig


class FindingsConfig(AppConfig):
    name = "readiness.loop.findings"
    label = "findings"

    def ready(self) -> None:
        from inventory.models import Device, Site
        from readiness.loop.findings.panels import device_panel, site_panel
        from web.kinds import panels

        panels.register(Device, device_panel)
        panels.register(Site, site_panel)
