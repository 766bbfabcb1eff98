from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "readiness.ownership"

    def ready(self) -> None:
        from readiness.ownership.gaps import to_accept
        from readiness.ownership.models import Assignment
        from readiness.ownership.reassigning import held
        from readiness.people.operations import privacy
        from web import links, search, tab_counts

        search.register_rows(
            "ownership",
            "Ownership",
            lambda: Assignment.objects.select_related("site"),
            title="site__name",
            others=("item", "state", "accountable__name", "team__name"),
            permissions=("ownership.view_assignment", "inventory.view_site"),
            icon="user-check",
            order=28,
        )
        links.has_page(Assignment, "assignment")
        privacy.holds(held)
        tab_counts.register(
            "owned-by-me", to_accept, "proposals wait for you", permission="ownership.view_assignment"
        )
