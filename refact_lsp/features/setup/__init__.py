"""Providers, models and default models, as the user sets them up."""
