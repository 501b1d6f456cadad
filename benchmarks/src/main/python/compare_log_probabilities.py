"""Compares log-probabilities that Mneme wrote with those of transformers.

    python compare_log_probabilities.py MODEL.gguf FOLDER [FOLDER ...]

FOLDER holds what dev.mneme.benchmarks.LogProbabilities wrote: ids.json and
log-probabilities.npy. The model is a GGUF file of the Llama architecture with
tied embeddings; it is dequantised to float32 and computed by transformers.
Needs torch, transformers, gguf and numpy; nothing is fetched.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

ROWS = 100


BLOCK = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def published_name(name):
    """The name of a GGUF file's tensor in a Hugging Face folder."""
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, block, kind, _ = name.split(".")
    return f"model.layers.{block}.{BLOCK[kind]}.weight"


def published_rows(weight, heads):
    """GGUF keeps the two numbers that are rotated together in neighbouring rows."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def dequantised(model_file):
    reader = gguf.GGUFReader(model_file)

    def number(key):
        return reader.fields["llama." + key].contents()

    heads, pairs = number("attention.head_count"), number("attention.head_count_kv")
    weights = {}
    for tensor in reader.tensors:
        weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if ".attn_q." in tensor.name:
            weight = published_rows(weight, heads)
        elif ".attn_k." in tensor.name:
            weight = published_rows(weight, pairs)
        weights[published_name(tensor.name)] = torch.from_numpy(np.array(weight, dtype=np.float32))
    config = LlamaConfig(
        vocab_size=weights["model.embed_tokens.weight"].shape[0],
        hidden_size=number("embedding_length"),
        intermediate_size=number("feed_forward_length"),
        num_hidden_layers=number("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=pairs,
        max_position_embeddings=number("context_length"),
        rms_norm_eps=number("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": number("rope.freq_base")},
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or set(missing) - {"lm_head.weight"}:
        raise SystemExit(f"tensors missing {missing}, unexpected {unexpected}")
    model.tie_weights()
    return model


def reference(model_file, ids):
    with torch.no_grad():
        logits = dequantised(model_file)(torch.tensor([ids[:-1]])).logits[0]
    rows = [torch.log_softmax(part.double(), dim=-1).float() for part in logits.split(ROWS)]
    return torch.cat(rows).numpy()


def compare(name, found, expected, ids):
    following = np.array(ids[1:])
    at = np.arange(len(following))
    total, largest, divergence, same = 0.0, 0.0, 0.0, 0
    for begin in range(0, len(following), ROWS):
        a = found[begin : begin + ROWS].astype(np.float64)
        b = expected[begin : begin + ROWS].astype(np.float64)
        difference = np.abs(a - b)
        total += difference.sum()
        largest = max(largest, difference.max())
        divergence += (np.exp(b) * (b - a)).sum()
        same += (a.argmax(axis=1) == b.argmax(axis=1)).sum()
    of_text = np.abs(found[at, following].astype(np.float64) - expected[at, following])
    print(f"{name}: {len(following)} rows of {found.shape[1]} entries")
    print(f"  perplexity {np.exp(-found[at, following].mean(dtype=np.float64)):.4f}, "
          f"transformers {np.exp(-expected[at, following].mean(dtype=np.float64)):.4f}")
    print(f"  differences of log-probabilities: all entries mean {total / found.size:.5f}, "
          f"largest {largest:.4f}; of the text's ids mean {of_text.mean():.5f}, largest {of_text.max():.4f}")
    print(f"  divergence of transformers' distribution from it: mean {divergence / len(following):.6f}; "
          f"same likeliest id {same} of {len(following)}")


def main():
    model_file = Path(sys.argv[1])
    expected, known = None, None
    for folder in map(Path, sys.argv[2:]):
        ids = json.loads((folder / "ids.json").read_text())
        found = np.load(folder / "log-probabilities.npy", mmap_mode="r")
        if ids != known:
            expected, known = reference(model_file, ids), ids
        compare(folder.name, found, expected, ids)


if __name__ == "__main__":
    main()
