"""What is inside a photo or raw: one module a container or a reader; `image` brings them together."""
