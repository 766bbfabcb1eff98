"""Rules of alerts, without Django and clock."""
