"""Sample hosts, as JSON descriptions (``docs/host-format.md``)."""
