"""The ASC MHL history of a destination: what the film industry's own tools check a drive with."""
