"""SqueezeTime (arXiv 2405.08344): training, int8 export and packaging for edged."""
