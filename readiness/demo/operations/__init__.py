"""Load and remove the demo fleet."""

from readiness.demo.operations.fleet import catch_up, load, load_present
from readiness.demo.operations.inventory import SiteTaken
from readiness.demo.operations.removal import remove
