"""Arithmetic about people alone: no Django, no clock."""
