"""The worklist: who resolves which check at which site, and by when.

An item is a note of people about work. It never changes a state, a score or a verdict, and leaves no claim row: that
the work is done shows when evidence proves the check, and the item then shows as resolved by itself.
"""
