"""What can be asked of a machine: every effect, by subject."""
