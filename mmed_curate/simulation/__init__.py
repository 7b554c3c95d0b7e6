"""The lab's test bench: planted sessions and coders of known reliability. Everything it makes is named simulated."""
