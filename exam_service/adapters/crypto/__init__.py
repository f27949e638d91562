"""Keys, sealing and signatures: the only place that touches a private key."""
