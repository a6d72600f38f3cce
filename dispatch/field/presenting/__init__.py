"""What the phone's pages show."""
