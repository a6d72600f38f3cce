"""What the pages of orders show: rows, buttons and sentences made of what queries found. No rule lives here."""
