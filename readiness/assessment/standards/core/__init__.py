"""Rules of standards, conformance, and concentration: arithmetic only."""
