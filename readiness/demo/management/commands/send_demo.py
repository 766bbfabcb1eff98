import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Send the demo fleet's samples until stopped. Ends at once, with status 0, when there is no demo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="address of Muster, http://127.0.0.1:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        os.execv(sys.executable, [sys.executable, "-m", "readiness.demo.sending", "--url", options["url"]])
