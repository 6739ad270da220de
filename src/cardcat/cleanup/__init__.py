"""Duplicates put right: a plan that a person can read, carried out, and taken back."""
