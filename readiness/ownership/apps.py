from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "readiness.ownership"

    def ready(self) -> None:
        from web import links

        links.has_page(self.get_model("Assignment"), "assignment")
