"""Skills, qualifications, exemptions and rules of what is required: their lists, pages and forms."""

from web.kinds import Kind

KINDS: tuple[Kind, ...] = ()
