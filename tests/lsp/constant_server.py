"""A real server process with a constant product: `python -m tests.lsp.constant_server`.

Imports as little as `refact_lsp.__main__` does before `initialize` is answered.
"""

from refact_lsp.lsp.main import serve

if __name__ == "__main__":

    def load():
        from tests.lsp.constant import Constant

        return Constant

    serve(load)
