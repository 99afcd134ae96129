"""How a vendor's own program is driven instead of HTTP: data of the registry. No behaviour here."""

import msgspec


class ProgramSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program that the user has installed and signed in; the prompt goes to its input.

    `{model}` in the arguments stands for the model's name. `sign_in` is what a person types in a
    terminal to sign in.
    """

    name: str
    arguments: tuple[str, ...]
    sign_in: str
