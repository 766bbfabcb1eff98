from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "readiness.loop.incidents"
    label = "incidents"

    def ready(self) -> None:
        from inventory.models import Site
        from readiness.loop.incidents import panels
        from web.kinds import panels as panel_kit

        incident = self.get_model("Incident")
        for make in (panels.review_panel, panels.timeline_panel, panels.alerts_panel, panels.actions_panel):
            panel_kit.register(incident, make)
        panel_kit.register(Site, panels.site_panel)
