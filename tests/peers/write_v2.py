"""Messages of remote write 2.0 by the schema that its specification publishes (io/prometheus/write/v2/types.proto),
made by protobuf's own classes, which share nothing with Muster's reader.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

PACKAGE = "io.prometheus.write.v2"
CONTENT_TYPE = f"application/x-protobuf;proto={PACKAGE}.Request"
# Without native histograms and exemplars, which Muster refuses.
_SCHEMA = {
    "Request": {"symbols": (4, "repeated string"), "timeseries": (5, "repeated TimeSeries")},
    "TimeSeries": {
        "labels_refs": (1, "repeated uint32"),
        "samples": (2, "repeated Sample"),
        "metadata": (5, "Metadata"),
    },
    "Sample": {"value": (1, "double"), "timestamp": (2, "int64"), "start_timestamp": (3, "int64")},
    # An enumeration is an int32 on the wire.
    "Metadata": {"type": (1, "int32"), "help_ref": (3, "uint32"), "unit_ref": (4, "uint32")},
}
METRIC_TYPE_COUNTER, METRIC_TYPE_GAUGE = 1, 2


def _classes():
    file = descriptor_pb2.FileDescriptorProto(name="write_v2.proto", package=PACKAGE, syntax="proto3")
    for message, fields in _SCHEMA.items():
        described = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            type_name = kind.removeprefix("repeated ")
            field = described.field.add(name=name, number=number)
            field.label = (
                FieldDescriptorProto.LABEL_REPEATED
                if kind != type_name
                else FieldDescriptorProto.LABEL_OPTIONAL
            )
            if type_name in _SCHEMA:
                field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{PACKAGE}.{type_name}"
            else:
                field.type = FieldDescriptorProto.Type.Value(f"TYPE_{type_name.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _SCHEMA
    ]


Request, TimeSeries, Sample, Metadata = _classes()
