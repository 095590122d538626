"""Opening containers/storage and shutting it down."""
