from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "readiness.organisation.ownership"

    def ready(self) -> None:
        from readiness.organisation.ownership import left_behind, undoing
        from readiness.organisation.ownership.models import Assignment
        from readiness.organisation.ownership.reassigning import items_to_hand_over
        from readiness.organisation.people.operations import privacy
        from web import links, search

        search.register_rows(
            "ownership",
            "Ownership",
            Assignment.objects.select_related("site").all,
            title="site__name",
            others=("item", "state", "accountable__name", "team__name"),
            permissions=("ownership.view_assignment", "inventory.view_site"),
            icon="user-check",
            order=28,
        )
        links.has_page(Assignment, "assignment")
        privacy.holds(items_to_hand_over)
        left_behind.register()
        undoing.register()
