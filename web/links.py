"""Addresses of pages by name, and of objects: their page and endpoint.

Those of objects are cheap enough for every row of a long list. An object's page is named `<model>-detail` and takes the
primary key, unless its app overrides that with `has_page`.
"""

import re
from functools import cache, lru_cache
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model
from django.urls import NoReverseMatch, get_urlconf, reverse

from web.address_book import STAND_IN, page_address

_pages: dict[type[Model], tuple[str, str]] = {}


def has_page(model: type[Model], url_name: str, attribute: str = "pk") -> None:
    """Declare that objects of `model` are shown at `url_name`, which takes one argument: `attribute` of the object."""
    _pages[model] = (url_name, attribute)
    _around.cache_clear()


def page_url(obj: Model) -> str | None:
    name, attribute = _pages.get(type(obj), (f"{noun(type(obj))}-detail", "pk"))
    return _address(name, getattr(obj, attribute))


def api_url(obj: Model) -> str | None:
    # `__class__` sees through the lazy user of a request, as `type` does not.
    return api_url_of(obj.__class__, obj.pk)


def api_url_of(model: type[Model], key: object) -> str | None:
    return _address(f"{api_basename(model)}-detail", key)


@cache
def noun(model: type[Model]) -> str:
    """The model's name in addresses: `device-type` for DeviceType."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", model.__name__).lower()


def api_basename(model: type[Model]) -> str:
    return f"{model._meta.app_label}-api-{noun(model)}"


def _address(name: str, key: object) -> str | None:
    around = _around(name, get_urlconf() or settings.ROOT_URLCONF)
    return f"{around[0]}{key}{around[1]}" if around else None


@lru_cache(maxsize=1024)
def _around(name: str, urlconf: str) -> tuple[str, str] | None:
    try:
        is_usual = urlconf == settings.ROOT_URLCONF
        address = page_address(name, STAND_IN) if is_usual else reverse(name, urlconf, args=[STAND_IN])
        before, after = address.split(str(STAND_IN))
    except NoReverseMatch:
        return None
    return before, after


# Characters that need no escaping in addresses.
_PLAIN = re.compile(r"[\w-]+", re.ASCII)


def link(name: str, *args: object, **query: object) -> str:
    plain_address = len(args) == 1 and _PLAIN.fullmatch(str(args[0])) and _address(name, args[0])
    address = plain_address or page_address(name, *args)
    return f"{address}?{urlencode(query, doseq=True)}" if query else address


def crumbs(here: str, *above: tuple[str, str]) -> list[dict[str, str]]:
    led = [{"label": label, "url": page if page.startswith("/") else reverse(page)} for label, page in above]
    return [*led, {"label": here, "url": ""}]
