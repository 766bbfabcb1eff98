from django.apps import AppConfig


class ProblemsConfig(AppConfig):
    name = "readiness.loop.problems"
    label = "problems"

    def ready(self) -> None:
        from readiness.loop.problems import triggers

        triggers.register()
