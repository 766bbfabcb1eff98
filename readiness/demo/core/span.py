"""How far back the demo's past goes, apart from what fills it: every process tells how much of it is written."""

from datetime import timedelta

LONG_WEEKS = 75
"""Back to the first sites: 18 months."""
HISTORY = timedelta(weeks=LONG_WEEKS)
