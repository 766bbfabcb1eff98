"""Rules about where data may be stored and whose law may reach it, and the decision of a case. Pure."""
