"""What somebody brings to be verified, read as far as there are faces of certificates in it."""
