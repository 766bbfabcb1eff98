from django.apps import AppConfig


class GrantsConfig(AppConfig):
    name = "readiness.grants"
    label = "grants"
    verbose_name = "Grants"

    def ready(self) -> None:
        from readiness.grants.queries import to_decide
        from web import links, waiting

        links.has_page(self.get_model("Grant"), "waiver")
        waiting.register(
            "waivers", to_decide, "requests wait for your decision", permission="grants.approve_grant"
        )
