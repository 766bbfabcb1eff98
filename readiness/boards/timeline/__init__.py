"""One timeline of everything that happened: of the fleet, of a site, of a check or of one object."""
