"""Alerts on pages: who is on a problem, who was told, the life of one alert, and what a reader may do about it."""
