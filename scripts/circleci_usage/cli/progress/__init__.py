"""What is under way: live lines on a terminal, a line a minute in a log."""
