"""Figures over weeks, without a framework or clock."""
