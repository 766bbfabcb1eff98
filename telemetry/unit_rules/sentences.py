"""Unit rules in words."""

from telemetry.core.unit_rules import SentUnit


def rule_words(rule: SentUnit) -> str:
    """Say how a value is read: "sent in °F", "times 1,000", "times 0.1, plus 5"."""
    if rule.unit:
        return f"sent in {rule.unit}"
    sign = "minus" if rule.offset < 0 else "plus"
    return f"times {rule.factor:,.10g}" + (f", {sign} {abs(rule.offset):,.10g}" if rule.offset else "")
