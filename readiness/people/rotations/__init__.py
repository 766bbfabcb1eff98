"""Pages, endpoints and files of who is on call."""
