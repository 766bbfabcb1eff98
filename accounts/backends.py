"""Who a session belongs to."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import OuterRef

from accounts.models import User
from accounts.queries import rows_of_views, slugs_of_scopes


class ScopedBackend(ModelBackend):
    """Loads the user of a session with their scopes and views, which then take no statement of their own."""

    def get_user(self, user_id: int) -> User | None:
        users = User.objects.annotate(
            scope_slugs=slugs_of_scopes(OuterRef("pk")), view_rows=rows_of_views(OuterRef("pk"))
        )
        user = users.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
