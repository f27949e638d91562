"""QR codes: drawing them so that phones and paper can, and reading them from images."""
