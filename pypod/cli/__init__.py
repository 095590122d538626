"""The command: arguments, rendering, exit codes."""
