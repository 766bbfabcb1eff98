"""Computes the standing of an item from its terms at an instant. Pure: no Django, no clock."""
