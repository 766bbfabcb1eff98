"""Rules about incidents: who must review what by when, what repeats, and what sites learn."""
