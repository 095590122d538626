"""The plan: what a run does to a host and why, as a fold over its tape; its JSON form, its text, and the difference of two."""
