"""Works out what runs prove: one module for each family of checks, pure.

Each gives, for a sub-measure, a proof for each thing it is about (a node, a pair, a port, a path). Which of them is the
worst is scoring's to say.
"""
