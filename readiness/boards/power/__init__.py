"""The power path of a site: feed, PDU, rack and devices, with what each rack may still take."""
