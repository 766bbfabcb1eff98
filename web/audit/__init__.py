"""The audit table: every write of an audited model, by whoever made it, as the row was before and after.

A model is audited by the line `HISTORY = True`. Columns that it must not keep stand in `HISTORY_LEAVES_OUT`. Where
something is decided by what a row was, `HISTORY_LASTS = True` keeps it from ending with the rest.
"""

from web.audit.models import AuditEntry
from web.audit.registry import audited_models, is_audited
from web.audit.stamps import stamp_of
from web.audit.steps import PastValues, ids_changed_by, steps_of
