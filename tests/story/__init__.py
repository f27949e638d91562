"""Whole lives, through a real browser and the real service."""
