"""A model of one's own: `squeezetime train`."""
