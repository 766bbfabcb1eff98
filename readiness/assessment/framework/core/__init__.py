"""The framework's definition as frozen values: no Django, no clock."""
