from django.apps import AppConfig


class GrantsConfig(AppConfig):
    name = "readiness.assessment.grants"
    label = "grants"
    verbose_name = "Grants"

    def ready(self) -> None:
        from web import links

        links.has_page(self.get_model("Grant"), "waiver")
