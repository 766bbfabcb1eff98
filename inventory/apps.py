from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = "Inventory"

    def ready(self) -> None:
        from inventory import panels
        from inventory.scopes import PLACES, RESOLVED
        from web import scopes

        panels.register()
        scopes.resolve_with(RESOLVED, places=PLACES)
