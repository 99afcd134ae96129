"""One worker process for all tests of a file: none of them is about the process."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from refact_lsp.app.worker import Worker


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncGenerator[Worker]:
    """For tests that run in their file's loop: `pytest.mark.asyncio(loop_scope="module")`."""
    worker = Worker()
    yield worker
    await worker.close()
