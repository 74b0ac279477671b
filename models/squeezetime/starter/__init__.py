"""The model inside edged: `squeezetime train-starter`, `export-starter` and `evaluate`."""
