"""The readiness matrix: sites against checks, the evidence behind one cell, the report of what is shown."""
