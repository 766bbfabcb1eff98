"""When a message is tried again. Pure: no framework, no clock, no chance."""
