"""Files to arrays and back: probe, decode, cut."""
