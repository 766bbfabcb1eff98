"""Words that rules and decisions are made of."""

from enum import StrEnum


class RuleKind(StrEnum):
    """Two questions that are answered apart."""

    RESIDENCY = "residency"
    """Where the data lies: the rule looks at the destination."""
    SOVEREIGNTY = "sovereignty"
    """Whose law reaches whoever operates it: the rule looks at the country of whoever controls the operator."""


class RuleEffect(StrEnum):
    """Effects of a rule on the cases that it covers."""

    ALLOWED = "allowed"
    NEEDS_BASIS = "needs-basis"
    FORBIDDEN = "forbidden"


class LegalAnswer(StrEnum):
    """Answers that can be given in a case, from the most open to the strictest."""

    ALLOWED = "allowed"
    NEEDS_BASIS = "needs-basis"
    CANNOT_DECIDE = "cannot-decide"
    FORBIDDEN = "forbidden"


ORDER = tuple(LegalAnswer)
"""What nobody can decide is stricter than what needs a basis, and weaker than what is surely forbidden."""


class Doubt(StrEnum):
    """Why a rule that covers a case does not decide it."""

    UNDATED = "undated"
    NOT_CHECKED = "not-checked"


class UndecidedReason(StrEnum):
    """Why a case cannot be decided, whatever the rules say."""

    UNKNOWN_ORIGIN = "unknown-origin"
    UNKNOWN_PLACE = "unknown-place"
    NO_CATEGORY = "no-category"
    UNKNOWN_CATEGORY = "unknown-category"
    NO_RULE = "no-rule"


def strictest(*answers: LegalAnswer) -> LegalAnswer:
    return max(answers, key=ORDER.index)
