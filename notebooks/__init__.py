"""Questions to the catalog that nobody foresaw: marimo notebooks, plain Python files."""
