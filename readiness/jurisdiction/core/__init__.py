"""Rules about where data may lie and who may reach it, and what they say of a case. Pure."""
