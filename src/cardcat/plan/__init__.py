"""Pure decisions: what to copy, under which name, what to skip and why. No I/O."""
