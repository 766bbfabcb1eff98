"""Trying a version of the framework on the fleet before it is published: what would change where, and why.

Everything is worked out beside what is stored; nothing of a site is written.
"""
