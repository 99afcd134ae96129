"""Reads the registry/ folder: provider templates, model families, models."""
