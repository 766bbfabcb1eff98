"""The published OpenAPI schema judges answers: a key that it does not have is as wrong as one that is missing."""

import json
import re
from functools import cached_property

import jsonschema_rs
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

DOCUMENT = "urn:muster"
JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")
MOST_FAULTS = 5


def strict(schema):
    """OpenAPI 3.0 as JSON Schema, in which an object has no further properties unless it says so."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("nullable") is True:
        rest = {name: each for name, each in schema.items() if name != "nullable"}
        return {"anyOf": [strict(rest), {"type": "null"}]}
    plain = {name: strict(each) for name, each in schema.items()}
    if "$ref" in plain:
        plain["$ref"] = DOCUMENT + plain["$ref"]
    if isinstance(plain.get("properties"), dict) and "type" in plain:
        plain.setdefault("additionalProperties", False)
    for name, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if plain.get(name) is True:
            plain[name] = plain.pop(limit)
    return plain


class Published:
    """The published schema, by operation; `document` is it as served, or as a test changed it."""

    def __init__(self, document):
        self.document = document
        self._validators = {}

    @classmethod
    def whole(cls):
        with GENERATOR_STATS.silence():
            return cls(SchemaGenerator(urlconf="config.urls").get_schema(request=None, public=True))

    @cached_property
    def operations(self):
        """Operations by address, as the schema writes it, and method."""
        paths = self.document["paths"].items()
        return {(path, method): each for path, of_path in paths for method, each in of_path.items()}

    @cached_property
    def _registry(self):
        resource = strict({"components": self.document["components"]})
        return jsonschema_rs.Registry([(DOCUMENT, resource)])

    @cached_property
    def _patterns(self):
        """Those without parameters first: `rules/decide/` is no rule."""
        paths = sorted(self.document["paths"], key=lambda path: (path.count("{"), path))
        return [(path, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"\Z")) for path in paths]

    def address(self, path):
        """The address of an operation as the schema writes it; None if it has no such."""
        return next((written for written, pattern in self._patterns if pattern.match(path)), None)

    def resolved(self, schema):
        while schema and "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def faults(self, path, method, answer):
        """Say where an answer to a request is not what the schema says."""
        address, method = self.address(path), method.lower()
        operation = self.operations.get((address, method))
        if operation is None:
            return [f"There is no {method} {path} in the schema."]
        code = str(answer.status_code)
        responses = operation["responses"]
        if code not in responses and (answer.status_code < 400 or "default" not in responses):
            return [f"No answer {code}; there are {', '.join(responses)}."]
        content = responses.get(code, responses["default"]).get("content", {})
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        if not content:
            return [f"{kind} in place of nothing."] if answer.content else []
        if kind != JSON:
            return [] if kind in content else [f"{kind}; there are {', '.join(content)}."]
        if JSON not in content:
            return [f"No {JSON}; there are {', '.join(content)}."]
        body, schema = _body(answer), content[JSON]["schema"]
        several = [each for each in schema.get("oneOf", ()) if "$ref" not in each]
        if len(several) == 1 and isinstance(body, list):
            # One object or many: what is wrong with the many says nothing in the place of the one.
            [schema] = several
        elif len(several) == 1:
            schema = next(each for each in schema["oneOf"] if "$ref" in each)
        return self._invalid((address, method, code, isinstance(body, list)), schema, body)

    def _invalid(self, key, schema, body):
        if key not in self._validators:
            self._validators[key] = jsonschema_rs.Draft202012Validator(
                strict(schema), registry=self._registry, validate_formats=True
            )
        errors = self._validators[key].iter_errors(body)
        return [
            f"{'.'.join(map(str, error.instance_path))}: {error.message[:300]}"
            for error, _place in zip(errors, range(MOST_FAULTS), strict=False)
        ]


def _body(answer):
    return json.loads(b"".join(answer.streaming_content) if answer.streaming else answer.content)
