"""pypod: the libpod runtime as a functional pipeline."""
