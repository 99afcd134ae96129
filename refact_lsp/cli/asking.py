"""Questions to the person at the terminal, in the middle of other work."""

import signal
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def asked(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask with one of click's questions so that Ctrl-C ends it.

    Under asyncio the first Ctrl-C only marks the task as cancelled, and the question waits on.
    """
    if threading.current_thread() is not threading.main_thread():
        return question(*args, **kwargs)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return question(*args, **kwargs)
    finally:
        signal.signal(signal.SIGINT, before)
