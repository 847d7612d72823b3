"""Admission: which request begins when, so that a crowd does not bring the server down."""
