"""Back up memory cards, prove every copy, and keep one catalog of all media."""

import os

__version__ = "0.1.0"

# Polars keeps memory that is free for ten seconds more: with a million files, a quarter of all that there is.
# It reads this when it is loaded, which is after this.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0")
