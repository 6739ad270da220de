"""One file a revision, named `<number>_<what it is for>.py`. A released one is never changed."""
