"""The long-lived objects: opened, held and closed in one place."""
