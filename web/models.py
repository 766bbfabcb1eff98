from web.audit.models import AuditEntry
from web.kinds.models import FileImport
from web.workflows.models import Approval

__all__ = ["Approval", "AuditEntry", "FileImport"]
