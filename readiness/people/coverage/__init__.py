"""Page and endpoint of coverage: what sites require of people, and who covers it."""
