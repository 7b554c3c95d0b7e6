"""Arrays to arrays: flow, motion curve, log-mel, intensity."""
