"""Motion curve to candidates, and how good they are."""
