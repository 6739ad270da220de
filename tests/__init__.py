"""The tests: a package with a file of its own, since other people's wheels bring a `tests` too."""
