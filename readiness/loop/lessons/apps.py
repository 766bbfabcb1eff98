from django.apps import AppConfig


class LessonsConfig(AppConfig):
    name = "readiness.loop.lessons"
    label = "lessons"

    def ready(self) -> None:
        from readiness.loop.findings.models import Finding
        from readiness.loop.incidents.models import Incident
        from readiness.loop.lessons import panels
        from web.kinds import panels as panel_kit

        panel_kit.register(self.get_model("Lesson"), panels.answers_panel)
        panel_kit.register(Incident, panels.lessons_panel)
        panel_kit.register(Finding, panels.lessons_panel)
