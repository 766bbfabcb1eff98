"""Change history: who changed what, from what to what, when, and in which request.

It is read from the audit table (web/audit), which triggers write, so that it includes bulk writes.
"""
