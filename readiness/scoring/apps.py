from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "readiness.scoring"
    label = "scoring"
    verbose_name = "Scoring"

    def ready(self) -> None:
        from readiness.scoring import meters

        meters.register()
