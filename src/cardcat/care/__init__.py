"""What keeps copies right over the years: reading them again, and mending what is not right any more."""
