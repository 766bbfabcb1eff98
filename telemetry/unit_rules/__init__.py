"""In which units sources send, where these are not the usual ones."""
