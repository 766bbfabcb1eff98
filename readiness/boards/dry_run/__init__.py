"""Dry-runs of framework versions: show what publishing would change at each site, without writing to any site."""
