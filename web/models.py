from web.audit.models import AuditEntry
from web.delivery.models import Attempt, Channel, Message
from web.kinds.models import FileImport
from web.security_log.models import SecurityBatch, SecurityEvent, SecurityStream
from web.workflows.models import Approval

__all__ = [
    "Approval",
    "Attempt",
    "AuditEntry",
    "Channel",
    "FileImport",
    "Message",
    "SecurityBatch",
    "SecurityEvent",
    "SecurityStream",
]
