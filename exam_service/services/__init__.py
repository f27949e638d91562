"""The use cases: load, ask the core, save, then act."""
