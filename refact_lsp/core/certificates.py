"""Whose certificates count: one answer for requests and for sign-in."""

import ssl

from refact_lsp.core.problems import refuse


def trusting(ca_file: str = "", *, provider: str | None = None) -> ssl.SSLContext:
    """Trust the system's authorities, certifi's list, and those of a file beside them.

    Reads some hundred certificates: use a thread. Raises `notConfigured` for a file that is none.
    """
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    try:
        if ca_file:
            context.load_verify_locations(ca_file)
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise refuse(
            "notConfigured",
            f"The file of certificates {ca_file} {reason}.",
            "Correct caFile: a file of certificates in PEM form.",
            field="caFile",
            provider=provider,
        ) from None
    return context
