"""People: drawn clips of human actions, and the model that is trained on them."""
