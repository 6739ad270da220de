"""Printable reports: one HTML file each, that asks nobody for anything and runs nothing."""
