"""Where the outside meets the ports: databases, caches, keys, QR codes, file formats. Only bootstrap imports it."""
