from django.urls import include, path

from tests.web.kinds.fans.kinds import FAN
from web.kinds.addresses import addresses
from web.kinds.rest import router_of

urlpatterns = [
    path("", include("config.urls")),
    path("fans/", include(list(addresses(FAN)))),
    path("api/fans/", include(router_of(FAN).urls)),
]
