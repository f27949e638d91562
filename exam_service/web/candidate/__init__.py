"""The candidate: pages at /exam and the API they use."""
