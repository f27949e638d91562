"""Certificates on paper: designs in Typst, as PDF/A-3 and as pictures."""
