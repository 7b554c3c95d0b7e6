"""Judgements in; coefficients, disagreement and consensus out. Pure."""
