"""Sealed, versioned folders out of a workspace that passed the gate."""
