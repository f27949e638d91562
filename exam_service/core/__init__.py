"""The domain: value types and pure functions. No clock, dice, files, network or logs."""
