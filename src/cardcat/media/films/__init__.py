"""What is inside a film: MediaInfo, and what makers wrote where it does not look; see `video`."""
