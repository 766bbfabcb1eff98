from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = "Inventory"

    def ready(self) -> None:
        from inventory import naming, panels
        from inventory.scopes import PLACES, RESOLVED
        from web import scopes

        naming.register()
        panels.register()
        scopes.resolve_with(RESOLVED, places=PLACES)
