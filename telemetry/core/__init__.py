"""Telemetry's arithmetic and parsing. No Django, no clock."""
