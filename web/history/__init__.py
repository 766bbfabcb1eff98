"""Change history: who changed what, from what to what, when, and in which request.

Read from the audit table (web/audit), which triggers write, so that bulk writes are in it.
"""
