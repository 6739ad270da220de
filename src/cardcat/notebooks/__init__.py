"""Notebooks over the catalog: found, run as a page, copied to be edited, and exported."""
