"""The workspace and its database: the only room that speaks SQL."""
