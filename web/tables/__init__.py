"""Tables: columns as data, everything else from the address, so that a copied link shows the same list.

A page declares a `Table` once, calls `page` with a queryset or a sequence of rows, and answers with `respond`.
"""

from web.tables.columns import LISTS, Column, RowFilter, Table
from web.tables.pages import Cell, Row, TablePage, page, respond, wants_table_only
