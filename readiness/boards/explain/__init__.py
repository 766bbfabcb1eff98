"""Score changes: between any two days, for a site, a region or the fleet."""
