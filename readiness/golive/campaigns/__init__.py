"""Validation campaigns: which runs a site still needs. A campaign plans; an item is done when evidence says so."""
