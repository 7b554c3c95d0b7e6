"""Files ↔ arrays: probe, decode, cut and write, on exact time. PyAV only."""
