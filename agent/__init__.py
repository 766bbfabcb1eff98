"""The agent: one process at a site that scrapes targets, buffers their samples on disk, and sends them to Muster.

It runs without Muster: no Django, no database, nothing of the web.
"""
