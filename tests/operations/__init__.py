"""What an operator does on an exam day, with real processes under load."""
