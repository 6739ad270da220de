"""What stands beside a file: the camera's XML, XMP, subtitles, playlists; `sidecar` brings them together."""
