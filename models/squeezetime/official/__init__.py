"""The authors' checkpoints: `squeezetime import`."""
