"""All present problems at all sites: one list for the page, the endpoint, the file and the fleet page."""
