"""Pages over what the rooms below know: fleet, sites, checks, matrix, gap, waivers and the rest."""
