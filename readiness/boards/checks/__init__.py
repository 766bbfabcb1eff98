"""All checks, one check over the fleet, and one check at a site with its proof."""
