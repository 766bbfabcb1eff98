"""Standards as pages: conformance and its drift over time, what a version would change, and the quadrant of what is one
way and what stays open."""
