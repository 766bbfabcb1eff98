from web.audit.models import AuditEntry

__all__ = ["AuditEntry"]
