"""Whether a container, a pod or an image exists: the commands whose answer is their exit status."""
