"""The desk: who judges what next, what they may see, what their judgement moves."""
