"""Procedural motion clips: what the starter model is trained and tested on."""
