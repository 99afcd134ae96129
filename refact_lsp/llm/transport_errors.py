"""From a failure below HTTP (name, route, certificate, socket, proxy) to a `Problem`.

Takes nothing of the exception's text into the message: it can hold addresses and header values.
"""

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator

from refact_lsp.core.problems import Problem, ProblemKind
from refact_lsp.llm.targets import Target

_EXPIRED, _NOT_YET = 10, 9  # X509_V_ERR_*
_OTHER_HOST = (62, 64)  # by name, by IP address
_SELF_SIGNED, _UNKNOWN_ISSUER = (18, 19), (20, 21)
_ALERTS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")

Said = tuple[ProblemKind, str, str]
_Say = Callable[[BaseException, Target], Said | None]
_Types = type[BaseException] | tuple[type[BaseException], ...]


def transport_problem(
    error: BaseException, target: Target, provider: str, *, proxied: bool = False
) -> Problem:
    """Say what happened between here and `target`, and what to do."""
    causes = list(_causes(error))
    kind, message, hint = _proxy(causes, target, proxied=proxied) or _said(causes, target)
    return Problem(kind=kind, message=message, hint=hint, provider=provider)


def silence(target: Target, provider: str, waited_ms: int, *, begun: bool) -> Problem:
    """Say that an answer did not come, or stopped coming."""
    what = "stopped in the middle of its answer" if begun else "gave no answer"
    return Problem(
        kind="timeout",
        message=f"{target.host} {what}: nothing came for {waited_ms / 1000:g} s.",
        hint="It may be busy or still loading the model. Try again, or raise the provider's "
        "timeout (timeoutMs).",
        provider=provider,
    )


def _said(causes: list[BaseException], target: Target) -> Said:
    for cause in causes:
        for kinds, say in _BY_TYPE:
            if isinstance(cause, kinds) and (said := say(cause, target)):
                return said
    names = {type(cause).__name__ for cause in causes}
    for known, say in _BY_NAME:
        if names & known and (said := say(causes[0], target)):
            return said
    return "network", f"The connection to {target.authority} failed.", "Check the network."


def _certificate(error: BaseException, target: Target) -> Said:
    code = getattr(error, "verify_code", 0)
    if code == _EXPIRED:
        why, hint = "has expired", "The server's owner must renew it; check this machine's clock."
    elif code == _NOT_YET:
        why, hint = "is not valid yet", "Check this machine's clock."
    elif code in _OTHER_HOST:
        why, hint = "was issued for another host", "Check the host in the base URL."
    elif code in (*_SELF_SIGNED, *_UNKNOWN_ISSUER):
        why = "was issued by an authority that this machine does not know"
        hint = "If the server or a company proxy uses its own authority, name its file in caFile."
    else:
        why, hint = "could not be verified", "Name the authority's file in caFile if it is yours."
    return "network", f"The certificate of {target.host} {why}.", hint


def _tls(error: BaseException, target: Target) -> Said:
    if getattr(error, "reason", None) in _ALERTS:
        hint = "If it is meant to be unencrypted, write http:// instead of https://."
        return "network", f"{target.authority} does not speak TLS.", hint
    if isinstance(error, ssl.SSLZeroReturnError | ssl.SSLEOFError):
        return _cut(error, target)
    return (
        "network",
        f"No secure connection to {target.host} came about.",
        "A proxy or firewall in between may break TLS; name its authority's file in caFile.",
    )


def _name(error: BaseException, target: Target) -> Said:
    if isinstance(error, OSError) and error.errno == socket.EAI_AGAIN:
        return (
            "offline",
            f"The name {target.host} could not be looked up now.",
            "Check the network connection.",
        )
    return (
        "network",
        f"There is no host named {target.host}.",
        "Check the host in the provider's base URL.",
    )


def _refused(_: BaseException, target: Target) -> Said:
    if target.loopback:
        hint = "Start the local server, or correct the port in the base URL."
    else:
        hint = "Check the host and port in the base URL, and that the server runs."
    return "network", f"Nothing listens at {target.authority}.", hint


def _cut(_: BaseException, target: Target) -> Said:
    return (
        "network",
        f"{target.host} dropped the connection before its answer was complete.",
        "Try again; if it stays so, look at the server's log or the proxy in between.",
    )


def _late(_: BaseException, target: Target) -> Said:
    return (
        "timeout",
        f"No connection to {target.authority} came about in time.",
        "Check the address, the network and a firewall in between; some networks need a proxy.",
    )


def _by_number(error: BaseException, target: Target) -> Said | None:
    """Read the error number; asyncio folds those of several addresses into one text."""
    found = re.search(r"\[Errno (\d+)\]", str(error))
    number = getattr(error, "errno", None) or (int(found[1]) if found else 0)
    if number == errno.ECONNREFUSED:
        return _refused(error, target)
    if number in (errno.ENETUNREACH, errno.ENETDOWN):
        return "offline", f"There is no network to reach {target.host}.", "Check the network."
    if number in (errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ETIMEDOUT):
        return "network", f"{target.host} cannot be reached.", "Check the address and the network."
    return None


def _proxy(causes: list[BaseException], target: Target, *, proxied: bool) -> Said | None:
    if not proxied:
        return None
    text = next((str(c) for c in causes if type(c).__name__ == "ProxyError"), None)
    if text is not None and text.startswith("407"):
        hint = "Put the proxy's user and password into its address."
        return "network", "The proxy asks for a user and a password.", hint
    refused = text is not None
    unreached = any(isinstance(cause, ConnectionRefusedError | socket.gaierror) for cause in causes)
    if refused or unreached:
        what = "refused to connect to" if refused else "could not be reached to connect to"
        hint = "Check the provider's proxy setting, HTTPS_PROXY and NO_PROXY."
        return "network", f"The proxy {what} {target.host}.", hint
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk inwards: httpcore keeps the original as the only argument of its own."""
    while True:
        yield error
        inner = error.args[0] if len(error.args) == 1 else None
        inner = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
        if inner is None or inner is error:
            return
        error = inner


# First match wins, from the innermost meaning outwards; a function that gives None passes on.
_BY_TYPE: tuple[tuple[_Types, _Say], ...] = (
    (ssl.SSLCertVerificationError, _certificate),
    (ssl.SSLError, _tls),
    (socket.gaierror, _name),
    (ConnectionRefusedError, _refused),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), _cut),
    (OSError, _by_number),
)
# httpcore's classes, which are not imported for their names alone.
_BY_NAME: tuple[tuple[frozenset[str], _Say], ...] = (
    (frozenset({"ConnectTimeout", "PoolTimeout", "TimeoutError"}), _late),
    (frozenset({"RemoteProtocolError", "LocalProtocolError", "ReadError", "WriteError"}), _cut),
)
