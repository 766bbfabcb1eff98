"""Standards: what is one way on purpose, and what stays open on purpose.

A standard has versions; a version in force has rules as data, by which Muster computes how far each site conforms. A
deviation is waived until a day, or counts. Flexible areas and tested alternatives say what stays open.
"""
