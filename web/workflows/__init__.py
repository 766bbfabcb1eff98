"""Workflows: an object in states, and the steps from one to the next, each declared beside the function that takes it.

`steps` has the declaration and the locked operation, `pages` the buttons and addresses, `endpoints` the API, `waiting`
what waits for whom.
"""

from web.workflows.steps import NotInState, Workflow, WorkflowStep, require, require_words, still_there
from web.workflows.waiting import Turn, awaits
