"""Talks to one model."""
