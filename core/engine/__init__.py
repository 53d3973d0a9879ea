"""Face engines: the protocol in `types`, the packs beside it, one loaded engine per process in `registry`."""
