from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "readiness.assessment.scoring"
    label = "scoring"
    verbose_name = "Scoring"

    def ready(self) -> None:
        from readiness.assessment.scoring import meters

        meters.register()
