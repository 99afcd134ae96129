"""Writes a tiny llama model whose answer is known.

Attention and feed-forward are zero, so the last token alone decides the next: embeddings are
one-hot and the output matrix is a table of successors over a little random noise. After the
fill-in-the-middle token it writes `MIDDLE`, after a chat turn's opening `REPLY`, then stops.
usage: python tests/e2e/tiny_gguf.py OUT.gguf
"""

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

MIDDLE = ("subtotal", "_with", "_tax", "(items)")
REPLY = ("Hello", " from", " the", " tiny", " model.")
CONTROL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
)
WIDTH, HEADS, LAYERS, FEED, CONTEXT = 320, 4, 1, 64, 4096
CERTAIN = 3.0  # far above the noise once the norm has scaled the one-hot state


def byte_alphabet() -> list[str]:
    """The printable stand-ins of GPT-2's byte-level vocabulary, in byte order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(spare)) for byte in range(256)]


def write(path: Path) -> None:
    """Write the model file."""
    import gguf  # here, since every run of the tests collects this module
    import numpy as np

    alphabet = byte_alphabet()
    spelled = ["".join(alphabet[b] for b in word.encode()) for word in (*MIDDLE, *REPLY)]
    tokens = [*alphabet, "in", *spelled, *CONTROL]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - len(CONTROL))
    kinds += [gguf.TokenType.CONTROL] * len(CONTROL)
    number = {token: at for at, token in enumerate(tokens)}
    middle, reply = spelled[: len(MIDDLE)], spelled[len(MIDDLE) :]

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-chain")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["i n"])  # llama.cpp wants at least one
    writer.add_bos_token_id(number["<|endoftext|>"])
    writer.add_eos_token_id(number["<|im_end|>"])
    writer.add_add_bos_token(value=False)
    for name, token in (
        ("pre", "<|fim_prefix|>"),
        ("suf", "<|fim_suffix|>"),
        ("mid", "<|fim_middle|>"),
        ("pad", "<|fim_pad|>"),
        ("rep", "<|repo_name|>"),
        ("sep", "<|file_sep|>"),
    ):
        writer.add_uint32(f"tokenizer.ggml.fim_{name}_token_id", number[token])
    writer.add_chat_template(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    noise = np.random.default_rng(0)
    embedding = np.zeros((len(tokens), WIDTH), np.float32)
    embedding[np.arange(len(tokens)), np.arange(len(tokens))] = 1.0
    output = (noise.standard_normal((len(tokens), WIDTH)) * 0.01).astype(np.float32)
    chains: Sequence[Sequence[str]] = (
        ("<|fim_middle|>", *middle, "<|im_end|>"),
        (alphabet[ord("\n")], *reply, "<|im_end|>"),
    )
    for chain in chains:
        for before, after in itertools.pairwise(chain):
            output[number[after], number[before]] = CERTAIN
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output.weight", output)
    shapes = {
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (WIDTH, WIDTH),
        "attn_v": (WIDTH, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_gate": (FEED, WIDTH),
        "ffn_up": (FEED, WIDTH),
        "ffn_down": (WIDTH, FEED),
    }
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.zeros(shape, np.float32))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
