"""Protobuf messages without a compiler: their fields are named where they are read."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_TYPES = {
    "double": descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
}


def message_classes(package: str, messages: Mapping[str, Mapping[str, tuple[int, str]]]) -> list[Any]:
    """One class for each message, in order. A field is `name: (number, type)`; a type is a key of the table above,
    optionally after `repeated `."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            label = "LABEL_REPEATED" if kind.startswith("repeated ") else "LABEL_OPTIONAL"
            message.field.add(
                name=field_name, number=number, type=_TYPES[kind.removeprefix("repeated ")], label=label
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages
    ]
