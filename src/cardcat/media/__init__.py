"""What is inside a file: its kind, and what a camera wrote into it. Reads files, writes none."""
