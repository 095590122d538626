"""The operations of a constructed runtime, as programs."""
