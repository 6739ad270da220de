"""Looking back at sessions: what is known of one, and its printable report."""
