"""One worker process for all tests of this folder: none of them is about the process."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from refact_lsp.app.worker import Worker


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker() -> AsyncGenerator[Worker]:
    """For tests that share a loop: `pytest.mark.asyncio(loop_scope="session")`."""
    worker = Worker()
    yield worker
    await worker.close()
