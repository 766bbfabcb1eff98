"""How the REST interface reads and writes, and how its schema is made."""

from typing import Any

FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "web.rest.authentication.TokenAuthentication",
        "web.rest.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["web.rest.permissions.ModelPermissions"],
    "DEFAULT_THROTTLE_CLASSES": ["web.rest.authentication.TokenThrottle"],
    "DEFAULT_PAGINATION_CLASS": "web.rest.pagination.ContractPagination",
    "DEFAULT_FILTER_BACKENDS": ["web.rest.filters.StrictFilterBackend", "web.rest.filters.OrderingBackend"],
    "DEFAULT_RENDERER_CLASSES": [
        "web.rest.parsers.OrjsonRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["web.rest.parsers.OrjsonParser"],
    "DEFAULT_SCHEMA_CLASS": "web.rest.schema.ContractSchema",
    "EXCEPTION_HANDLER": "web.rest.errors.handle",
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SCHEMA: dict[str, Any] = {
    "TITLE": "Muster",
    "DESCRIPTION": "Inventory, telemetry and production readiness of AI infrastructure sites.",
    "VERSION": "1",
    # One group per app, named by the address behind /api/.
    "SCHEMA_PATH_PREFIX": r"/api",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "web.rest.schema.name_enum_values",
    ],
    "ENUM_NAME_OVERRIDES": {
        "DomainEnum": "readiness.assessment.evidence.models.SigningDomain",
        "InventoryDomainEnum": "inventory.models.DomainChoices",
    },
}
