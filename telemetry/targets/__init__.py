"""Scrape targets: what the agents of each site scrape, and whether it answers."""
