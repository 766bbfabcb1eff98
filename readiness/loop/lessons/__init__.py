"""Lessons: what one incident showed becomes a question that the framework asks of every site."""
