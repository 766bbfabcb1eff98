"""The readiness matrix of sites and checks, the evidence panel of a cell, and the printable report."""
