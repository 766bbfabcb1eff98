"""Addresses of the pages and endpoints of accounts."""

from django.urls import include, path

from web.accounts import api
from web.accounts.views import (
    factors,
    group_rules,
    links,
    provider,
    reset,
    sessions,
    settings,
    sign_in,
    users,
)

urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("login/confirm/", sign_in.confirm, name="confirm"),
    path("login/link/<str:secret>/", links.sign_in_link, name="sign-in-link"),
    path("login/provider/", provider.leave, name="provider"),
    path("login/provider/return/", provider.come_back, name="provider-return"),
    path("login/reset/", reset.ask, name="reset"),
    path("login/reset/<str:secret>/", links.choose_password, name="choose-password"),
    path("login/second/", sign_in.second, name="second-step"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("first-admin/<str:secret>/", links.first_admin, name="first-admin"),
    path("settings/", settings.display, name="settings"),
    path("settings/access/", settings.access, name="access"),
    path("settings/password/", settings.PasswordChange.as_view(), name="password-change"),
    path("settings/second-factor/", factors.own, name="second-factor"),
    path("settings/second-factor/app/", factors.add_app, name="second-factor-app"),
    path("settings/second-factor/codes/", factors.new_codes, name="recovery-codes"),
    path("settings/second-factor/<int:pk>/remove/", factors.remove, name="second-factor-remove"),
    path("settings/group-rules/try/", group_rules.try_groups, name="group-rule-try"),
    path("settings/", include([*group_rules.pages()])),
    path("settings/sessions/", sessions.own, name="sessions"),
    path("settings/sessions/end-others/", sessions.end_others, name="sessions-end-others"),
    path("settings/sessions/<str:mark>/end/", sessions.end, name="session-end"),
    path("settings/tokens/add/", settings.add_token, name="token-add"),
    path("settings/tokens/<int:pk>/revoke/", settings.revoke_token, name="token-revoke"),
    path("settings/users/", users.user_list, name="users"),
    path("settings/users/add/", users.add_user, name="user-add"),
    path("settings/users/<int:pk>/", users.user_detail, name="user-detail"),
    path("settings/users/<int:pk>/end-sessions/", sessions.end_all_of, name="user-end-sessions"),
    path("settings/users/<int:pk>/remove-factors/", factors.remove_all_of, name="user-remove-factors"),
    path("settings/users/<int:pk>/password/", users.set_password, name="user-password"),
    path("api/authentication-check/", api.authentication_check, name="authentication-check"),
    path("api/accounts/", include(api.router.urls)),
]
