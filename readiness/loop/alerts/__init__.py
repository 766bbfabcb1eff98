"""Alerts: what is wrong reaches whoever answers for it, and stays with them until it is over."""
