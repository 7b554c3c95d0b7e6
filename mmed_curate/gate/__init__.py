"""Report, evidence and policy in; Passed, or findings with remedies. Pure."""
