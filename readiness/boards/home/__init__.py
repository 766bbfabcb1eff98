"""Home: what waits for whoever is signed in, their inbox, and what an empty installation is still to be told."""
