"""SqueezeTime (arXiv 2405.08344): training, int8 export and packaging for edged."""

import os

# TensorFlow reads it when it is first imported, by Keras or by us.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
