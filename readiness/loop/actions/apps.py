from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "readiness.loop.actions"
    label = "actions"
