"""Wire formats: requests in, bytes out; bytes in, events out. No I/O."""
