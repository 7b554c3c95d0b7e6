"""Builders for tests: they write small, valid things from plain words."""
