"""Lists as users saved them."""

from django.db import models
from django.db.models import Q

from accounts.models.users import READER, WRITER, User


class SavedView(models.Model):
    """A saved list: the page's url name, and the query of its address.

    A list opens with its default view: the owner's, or a shared one for users without a default of their own.
    """

    HISTORY = True
    # A shared view may name sites, so users with a scope only see their own views.
    VISIBLE_WHERE = f"NOT accounts_savedview.shared AND accounts_savedview.owner_id = {READER}"
    # A personal view may name sites too, and the history covers everybody's views.
    VISIBLE_IN_HISTORY_WHERE = "false"
    WRITABLE_WHERE = f"NOT accounts_savedview.shared AND accounts_savedview.owner_id = {WRITER}"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views", editable=False)
    table = models.CharField(
        max_length=100, help_text="The url name of the list's page, such as device-list."
    )
    name = models.CharField(max_length=60)
    query = models.CharField(
        max_length=2000,
        blank=True,
        help_text="Filters, sort and columns, as the address of the list has them.",
    )
    shared = models.BooleanField(default=False, help_text="Everybody who may open the list sees it.")
    default = models.BooleanField(default=False, help_text="The list opens with it.")

    class Meta:
        ordering = ["name", "id"]
        default_permissions = ("view", "change", "delete")
        permissions = [("share_savedview", "Can share saved views")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "table", "name"],
                name="saved_view_name_unique",
                violation_error_message="You have a view of this name already.",
            ),
            models.UniqueConstraint(
                fields=["owner", "table"],
                condition=Q(default=True),
                name="saved_view_one_default",
                violation_error_message="Another view is the default of this list.",
            ),
            models.UniqueConstraint(
                fields=["table"],
                condition=Q(default=True, shared=True),
                name="saved_view_one_shared_default",
                violation_error_message="Another shared view is the default of this list for everybody.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
