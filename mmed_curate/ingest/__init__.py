"""A recipe run over recordings: register, face, spot, cut, features; and the recut after settling."""
