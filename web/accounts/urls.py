"""Addresses of the pages and endpoints of accounts."""

from django.urls import include, path

from web.accounts import api
from web.accounts.views import settings, sign_in, users

urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("first-admin/<str:secret>/", sign_in.first_admin, name="first-admin"),
    path("settings/", settings.display, name="settings"),
    path("settings/access/", settings.access, name="access"),
    path("settings/password/", settings.PasswordChange.as_view(), name="password-change"),
    path("settings/tokens/add/", settings.add_token, name="token-add"),
    path("settings/tokens/<int:pk>/revoke/", settings.revoke_token, name="token-revoke"),
    path("settings/users/", users.user_list, name="users"),
    path("settings/users/add/", users.add_user, name="user-add"),
    path("settings/users/<int:pk>/", users.user_detail, name="user-detail"),
    path("settings/users/<int:pk>/password/", users.set_password, name="user-password"),
    path("api/authentication-check/", api.authentication_check, name="authentication-check"),
    path("api/accounts/", include(api.router.urls)),
]
