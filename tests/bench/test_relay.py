"""The relay changes nothing, notes what passes, and lets go upstream when the client goes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.bench.figure import UnmeasuredError
from tests.bench.relay import Relay, endpoint_at
from tests.bench.stdio import Provider, until
from tests.servers.scripted import Scripted, scripted

ASKED = {"prompt": "a<|fim_suffix|>b", "stream": True}


@asynccontextmanager
async def relayed() -> AsyncGenerator[tuple[httpx.AsyncClient, Relay, Provider, Scripted]]:
    """Run a model and the relay before it."""
    model = Provider(answer=lambda _hole: ["one", "two"])
    async with scripted(model.handle) as real:
        relay = Relay(real.url)
        async with (
            scripted(relay.handle) as between,
            httpx.AsyncClient(base_url=between.url, trust_env=False) as client,
        ):
            yield client, relay, model, real


async def test_an_answer_passes_unchanged_and_is_noted():
    async with relayed() as (client, relay, _, real):
        answer = await client.post(
            "/v1/completions", json=ASKED, headers={"authorization": "Bearer key"}
        )
        direct = await client.post(f"{real.url}/v1/completions", json=ASKED)
        assert answer.text == direct.text
        assert real.requests[0].headers["authorization"] == "Bearer key"
        [call] = relay.calls
        assert call.prompt == ASKED["prompt"]
        assert "".join(piece for _, piece in call.sent) == answer.text
        assert call.asked_s < call.sent[0][0] <= call.answered_s


async def test_lists_and_warmth_are_no_calls():
    async with relayed() as (client, relay, _, _real):
        listed = await client.get("/v1/models")
        assert listed.json()["data"]
        await client.post("/completion", json={"prompt": "a", "n_predict": 0})
        assert not relay.calls


async def test_a_client_that_goes_takes_the_upstream_socket_with_it():
    async with relayed() as (client, relay, model, _):
        model.first_s = 60.0
        asking = asyncio.Task(client.post("/v1/completions", json=ASKED))
        await until(lambda: bool(model.calls))
        asking.cancel()
        await until(lambda: not model.calls[0].open)
        assert relay.calls[0].gone_s is not None
        assert model.calls[0].gone_s is not None


def test_a_key_is_named_and_never_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BENCH_KEY", "very secret")
    endpoint = endpoint_at("https://models.example/v1/", "m", "custom", "BENCH_KEY")
    assert (endpoint.path, endpoint.settings) == ("/v1", {"apiKey": "env:BENCH_KEY"})
    with pytest.raises(UnmeasuredError):
        endpoint_at("https://models.example/v1/", "m", "custom", "NO_SUCH_KEY")
