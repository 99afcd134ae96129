"""What is open in the editor teaches the embedded model, whoever completes in it."""

from refact_lsp.features.completion.service import Completion
from refact_lsp.features.completion.values import Request
from refact_lsp.rpc.session import Session
from tests.features.snapshots import at_cursor

SHIP = """def ship_{n}(shop):
    basket = shop.open_basket(customer, voucher)
    for item in basket.items():
        item.ship(customer)


"""
NEW = "def ship_more(shop):\n    basket = shop.open_basket(customer, voucher)\n    for item in ‸"


def offered(completion: Completion) -> list[str]:
    served = completion.complete(at_cursor(NEW, uri="file:///project/new.py"), Request())
    assert isinstance(served, list)
    return [item.text for item in served]


async def test_an_open_document_that_nobody_completed_in_is_known(session: Session):
    completion = Completion(session.app, [])
    assert offered(completion) == []
    shipped = "".join(SHIP.format(n=n) for n in range(16))
    completion.opened(at_cursor(shipped + "‸", uri="file:///project/old.py"))
    assert offered(completion) == ["basket.items():"]
    completion.closed("file:///project/old.py")
    completion.engine.closed("file:///project/new.py")
