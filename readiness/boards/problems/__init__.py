"""All that is wrong now, at every site: one list for the page, the endpoint, the file and the fleet's top five."""
