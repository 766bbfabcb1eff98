"""Alerts that other systems tell of: bodies and signatures, mapping, and what of a message is news."""
