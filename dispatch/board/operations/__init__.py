"""Writing the day: planning runs, changes by hand, sending out."""
