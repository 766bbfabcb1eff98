#!/usr/bin/env python
"""Django's command line for Muster."""

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if "DATABASE_URL" not in os.environ:
        from stack.running import environment_of_running

        os.environ.update(environment_of_running(Path(__file__).resolve().parent, os.environ))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
