"""The Linux machine, by subject: one function a system call."""
