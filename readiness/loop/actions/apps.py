from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "readiness.loop.actions"
    label = "actions"

    def ready(self) -> None:
        from readiness.loop.actions import left_behind

        left_behind.register()
