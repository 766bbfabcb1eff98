"""Who a session belongs to."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import OuterRef

from accounts.models import User
from accounts.queries import slugs_of_scopes


class ScopedBackend(ModelBackend):
    """Loads the user of a session with their scopes, so that whoever has none pays no statement for that."""

    def get_user(self, user_id: int) -> User | None:
        users = User.objects.annotate(scope_slugs=slugs_of_scopes(OuterRef("pk")))
        user = users.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
