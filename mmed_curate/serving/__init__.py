"""`mmed serve`: releases for people who are known, behind tokens and accepted terms. Nothing else here answers HTTP."""
