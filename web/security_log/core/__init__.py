"""Pure functions of the security log."""
