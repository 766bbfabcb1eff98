"""The scoring rules as pure functions over frozen values: no Django, no clock."""
