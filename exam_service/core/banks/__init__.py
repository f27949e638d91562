"""Question banks: the model, the check of a whole bank, and the exact draw."""
