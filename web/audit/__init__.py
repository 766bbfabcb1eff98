"""The audit table: every write of an audited model, with the row before and after.

A model is audited by the line `HISTORY = True`. `HISTORY_LEAVES_OUT` lists columns that must not be stored.
`HISTORY_LASTS = True` exempts a model from retention, for decisions that depend on what a row was.
"""

from web.audit.models import AuditEntry
from web.audit.registry import audited_models, is_audited
from web.audit.steps import PastValues, ids_changed_by, steps_of
