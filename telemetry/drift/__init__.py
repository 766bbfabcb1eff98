"""The inventory is compared with what telemetry and runs say: contradictions, and their corrections by two people."""
