from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "readiness.demo"
    label = "demo"
    verbose_name = "Demo"

    def ready(self) -> None:
        from readiness.demo import progress
        from web import notices

        notices.register("demo", progress.notices)
