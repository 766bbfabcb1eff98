from django.apps import AppConfig


class ProblemsConfig(AppConfig):
    name = "readiness.loop.problems"
    label = "problems"

    def ready(self) -> None:
        from readiness.loop.problems import itself, own, triggers

        own.OWN_PROBLEMS.append(itself.problems_of_muster)
        triggers.register()
