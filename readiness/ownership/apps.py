from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "readiness.ownership"

    def ready(self) -> None:
        from readiness.ownership.gaps import to_accept
        from web import links, waiting

        links.has_page(self.get_model("Assignment"), "assignment")
        waiting.register(
            "owned-by-me", to_accept, "proposals wait for you", permission="ownership.view_assignment"
        )
