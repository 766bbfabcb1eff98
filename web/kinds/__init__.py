"""Kinds of object, each declared once: its list, page, form, deletion and endpoints follow from what `Kind` says."""

from web.kinds.kind import Facts, Kind, Related

__all__ = ["Facts", "Kind", "Related"]
