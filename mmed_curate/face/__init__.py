"""Arrays to landmarks: detect, track, align."""
