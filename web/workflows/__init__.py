"""Workflows: the states of an object, and the steps between them, each declared beside its function.

`steps` has the declaration and the locked operation, `pages` the buttons and addresses, `endpoints` the API, `waiting`
what waits for whom, `second` who counts as a second person.
"""

from web.workflows.steps import NotInState, Workflow, WorkflowStep, require, require_words, still_there
from web.workflows.waiting import Turn, awaits
