"""Keeps the garbage collector away from what a start imports.

All of that stays to the end of the process. To look through it while it comes, and once more when
everything ends, took a sixth of the processor time of a start.
"""

import atexit
import gc


def hold_off() -> None:
    """Collect nothing until `resume`, and not what is there when the process ends."""
    gc.disable()
    atexit.register(gc.freeze)


def resume() -> None:
    """Collect again, but only what is made from here on."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
