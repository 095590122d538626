"""Types of the parts of toolz that pypod uses."""
