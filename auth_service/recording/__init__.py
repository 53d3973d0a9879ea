"""Opt-in recording of a site's own sessions for its own scorecard: on a private server, with consent."""
