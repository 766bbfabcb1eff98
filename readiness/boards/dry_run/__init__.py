"""Trying a version of the framework before it is published: what would change where; nothing of a site is written."""
