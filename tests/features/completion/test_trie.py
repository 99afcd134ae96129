from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.features.completion import trie

KEYS = st.text("ab(", max_size=6)


@given(st.lists(st.tuples(KEYS, st.booleans(), st.integers())), KEYS)
def test_the_trie_agrees_with_a_plain_dictionary(steps: list[tuple[str, bool, int]], text: str):
    root: trie.Node[int] = trie.Node()
    plain: dict[str, int] = {}
    for key, keep, value in steps:
        if keep:
            assert trie.put(root, key, value) == plain.get(key)
            plain[key] = value
        else:
            trie.remove(root, key)
            plain.pop(key, None)
    assert trie.beginnings(root, text) == sorted(
        ((len(key), value) for key, value in plain.items() if text.startswith(key)), reverse=True
    )
    assert sorted(trie.continuations(root, text, 3)) == sorted(
        (key[len(text) :], value)
        for key, value in plain.items()
        if key.startswith(text) and 0 < len(key) - len(text) <= 3
    )
    assert trie.get(root, text) == plain.get(text)


def test_removing_every_key_leaves_an_empty_root():
    root: trie.Node[int] = trie.Node()
    for key in ("foo", "foobar", "fox", ""):
        trie.put(root, key, 1)
    for key in ("foobar", "", "fox", "foo"):
        trie.remove(root, key)
    assert not root.children
    assert root.value is None
