from web.audit.models import AuditEntry
from web.kinds.models import FileImport

__all__ = ["AuditEntry", "FileImport"]
