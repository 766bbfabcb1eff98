from typing import Any

from django.core.management import BaseCommand, CommandError

from web import database_roles


class Command(BaseCommand):
    help = "Give the roles of the database their rights on Muster's tables (deploy/postgres/roles.sql makes them)."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            database_roles.grant("default")
        except database_roles.RolesMissingError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{database_roles.APP_ROLE} reads and writes rows, and {database_roles.MAINTENANCE_ROLE} owns the tables"
            " that are split by time."
        )
