"""Arithmetic over windows of samples: no Django, no clock."""
