"""Alerts of dates ahead: what ends soon, and how soon that matters."""
