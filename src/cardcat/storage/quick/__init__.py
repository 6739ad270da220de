"""The fast way to equal files: folders listed and files read a million times over, nothing written."""
