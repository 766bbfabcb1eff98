"""One calendar for a team: its shifts and leave, drills and changes of capacity at the sites that it staffs."""
