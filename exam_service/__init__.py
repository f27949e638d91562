"""Exams and certificates that any learning system can plug in."""

__version__ = "0.1.0"
