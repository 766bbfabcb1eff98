"""One module per wire format. Each decodes a body once and ends in `columns.assemble`."""
