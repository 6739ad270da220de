"""Back up memory cards, prove every copy, and keep one catalog of all media."""

__version__ = "0.1.0"
