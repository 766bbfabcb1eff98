"""Waivers, go-live exceptions and declared n-a: their list, one of them, asking for one, and how old they are."""
