"""Certificates: the facts, their four faces, their status, and how each is verified. Pure functions and value types."""
