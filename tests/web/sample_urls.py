"""The addresses the shell links to, so that the sample pages need none of the product's apps."""

from django.http import HttpResponse
from django.urls import path


def nowhere(request, **named):
    return HttpResponse("")


urlpatterns = [
    *(
        path(f"{name}/", nowhere, name=name)
        for name in (
            "search",
            "palette",
            "settings",
            "login",
            "logout",
            "help",
            "help-words",
            "glossary",
            "passkey",
        )
    ),
    path("passkey/begin/", nowhere, name="passkey-begin"),
    path("help/<str:name>/guide/", nowhere, name="guide"),
    path("help/tour/<int:number>/", nowhere, name="help-tour"),
]
