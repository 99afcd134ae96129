"""Where requests of one provider go, and with what. Lives in memory only: it can hold secrets."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from refact_lsp.core.problems import Problem, refuse
from refact_lsp.core.program_spec import ProgramSpec
from refact_lsp.core.quirks import Quirks
from refact_lsp.core.types import Locality, Wire
from refact_lsp.llm.heads import cleaned, secrets
from refact_lsp.llm.targets import join, parse_target


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A provider instance as the HTTP client needs it.

    `addresses` maps a route to the full address of its requests, as `registry.addresses` resolves
    it: `chat`, `completion`, `infill`, `embedding`, `models`, and what else the template names
    (`show`, `tokenize`, `props`, `usage`, …). A route without an entry lies at the `base` entry
    plus the path that the request brings. `authorize(refresh)` gives the credential headers at the
    moment of use; `refresh` asks for a new token after a 401 and is False the first time.
    Raises `RefactError` where there is none. `timeout_ms` is how long nothing may come.
    `program` is run instead of any address being asked.
    """

    provider: str
    wire: Wire
    locality: Locality
    addresses: Mapping[str, str] = field(repr=False)  # may hold a user, a password or a key
    authorize: Callable[[bool], Awaitable[Mapping[str, str]]] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    quirks: Quirks = field(default_factory=Quirks)
    timeout_ms: int | None = None
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    allow_http: bool = False
    max_concurrency: int | None = None
    program: ProgramSpec | None = None

    def url(self, route: str, path: str) -> str:
        """Give the address of a request; raises `unsupported` where the provider has none."""
        if route in self.addresses:
            return self.addresses[route]
        if "base" in self.addresses:
            return join(self.addresses["base"], path)
        raise refuse(
            "unsupported",
            f"{self.provider} has no address for {route}.",
            "Choose another model for this, or give the provider that address.",
            provider=self.provider,
        )

    async def cleaned(self, problem: Problem) -> Problem:
        """Cut this endpoint's secrets out of a problem that quotes what its server said."""
        layers = (self.headers, await self.authorize(False))  # noqa: FBT003  — a callback
        hidden = secrets(layers, [parse_target(address) for address in self.addresses.values()])
        return cleaned(problem, hidden, self.provider)
