from django.apps import AppConfig


class OwnershipConfig(AppConfig):
    name = "readiness.ownership"
    label = "ownership"
    verbose_name = "Ownership"
