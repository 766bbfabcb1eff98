"""The things seen with findings, and the figures of the loop, without a framework or clock."""
