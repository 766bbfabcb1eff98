"""Protobuf messages without a compiler: their fields are named where they are read."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_TYPES = {
    kind: getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{kind.upper()}")
    for kind in (
        "double",
        "fixed64",
        "sfixed64",
        "int32",
        "int64",
        "sint32",
        "uint32",
        "uint64",
        "bool",
        "bytes",
    )
}


def message_classes(package: str, messages: Mapping[str, Mapping[str, tuple[int, str]]]) -> list[Any]:
    """One class for each message, in order. A field is `name: (number, type)`; a type is a key of the table above or
    the name of a message, optionally after `repeated `. `HasField` tells whether a field was sent."""
    # Only in proto2 has every field this presence; what is on the wire is the same.
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            label = "LABEL_REPEATED" if kind.startswith("repeated ") else "LABEL_OPTIONAL"
            kind = kind.removeprefix("repeated ")
            field = message.field.add(name=field_name, number=number, label=label)
            if kind in _TYPES:
                field.type = _TYPES[kind]
            else:
                field.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
                field.type_name = f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages
    ]
