"""Every character that a text from outside may hold: all but lone surrogates.

They are Hypothesis' own choice too, but it finds out by encoding each one, for a second in every
new checkout.
"""

from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=["Cs"])
