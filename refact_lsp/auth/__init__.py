"""Credentials and sign-in flows."""
