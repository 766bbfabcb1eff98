"""The page that edits a whole rotation, or makes a new one, with a preview before anything is saved."""

from readiness.organisation.people import rotation_forms
from readiness.organisation.people.operations import editing
from web.kinds import Entry
from web.links import page_url

HINT = "Rotation, sites, layers and turns on one page; a preview shows the next eight weeks before you save"
ENTRIES = (
    Entry(
        url_name="rotation-new",
        permissions=editing.MAY_START,
        heading="New rotation with preview",
        hint=HINT,
        form=rotation_forms.WholeRotationForm,
        template="people/rotations/editor.html",
        enter=editing.save_rotation,
        done=lambda rotation: f"{rotation} is saved; its shifts are written.",
        after=lambda rotation: page_url(rotation) or "",
    ),
    Entry(
        url_name="rotation-plan",
        on_object=True,
        permissions=editing.MAY_EDIT,
        heading="Edit with preview",
        hint=HINT,
        form=rotation_forms.WholeRotationForm,
        template="people/rotations/editor.html",
        initial=rotation_forms.initial_of,
        enter=editing.save_rotation,
        done="The rotation is saved; its shifts are written.",
        icon="calendar",
    ),
)
