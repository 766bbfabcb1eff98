"""Validation campaigns: the runs that a site still needs.

A campaign only plans; evidence decides when an item is done.
"""
