"""What is there twice, and why: folder pairs before single files, one reason for each group."""
