"""Health of the domains of a site, with its reasons, and changes of state in words."""
