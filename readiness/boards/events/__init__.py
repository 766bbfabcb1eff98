"""Events at a site or in the fleet, as numbered marks over every chart of time."""
