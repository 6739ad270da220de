"""Bytes on disks: the only place of the program that writes files."""
