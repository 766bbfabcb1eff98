from django.apps import AppConfig


class GrantsConfig(AppConfig):
    name = "readiness.grants"
    label = "grants"
    verbose_name = "Grants"

    def ready(self) -> None:
        from readiness.grants.queries import to_decide
        from web import links, tab_counts

        links.has_page(self.get_model("Grant"), "waiver")
        tab_counts.register(
            "waivers", to_decide, "requests wait for your decision", permission="grants.approve_grant"
        )
