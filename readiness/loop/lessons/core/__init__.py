"""How a lesson becomes a check of a framework, and how far it has spread."""
