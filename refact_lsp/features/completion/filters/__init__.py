"""What of a model's answer may be shown. Pure functions, each with a reason code."""
