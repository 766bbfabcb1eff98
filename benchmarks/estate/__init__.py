"""A fleet of as many sites as asked for, each small and with evidence for every check: what benchmarks of size run on.

The same for the same `now`. Inventory, runs and records are written as rows; samples go through Muster's own intake.
Needs Django set up and a migrated, empty database.
"""

from benchmarks.estate.build import Estate, build
