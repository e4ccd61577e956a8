#!/usr/bin/env python3
"""Writes the expected values of Tests/TensorTests and of the image tower's test, computed by PyTorch and timm.

    python Tests/Fixtures/tensor/make_golden.py

Made with torch 2.15.0, timm 1.0.31, numpy 2.4.6. Inputs and weights are not stored: both sides draw them from the
same generator (splitmix64, see Tests/TensorTests/Numbers.swift). A `.f32` file is little-endian float32 values.
"""
import pathlib

import numpy as np
import timm
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent


class Numbers:
    """The stream of Numbers.swift: floats in -1..<1."""

    def __init__(self, seed):
        self.state = np.uint64(seed)

    def take(self, *shape):
        count = int(np.prod(shape))
        with np.errstate(over="ignore"):
            z = self.state + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
            self.state = z[-1]
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z ^= z >> np.uint64(31)
        values = (z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)
        return torch.from_numpy(values.reshape(shape))


def write(name, tensor):
    tensor.detach().contiguous().numpy().astype("<f4").tofile(HERE / f"{name}.f32")


def same_padding(x, kernel, stride):
    """TensorFlow's SAME padding of an NCHW tensor."""
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def rotary():
    """Positions by rotation as transformers' Llama has them; made with transformers 5.24."""
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

    x = Numbers(15).take(7, 3, 24)
    scalings = [("default", {}), ("linear", {"factor": 2.0}), ("llama3", {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64})]
    for name, scaling in scalings:
        config = LlamaConfig(hidden_size=72, num_attention_heads=3, rope_parameters={"rope_type": name, "rope_theta": 100000.0, **scaling})
        positions = torch.arange(700, 707)[None]
        cosines, sines = LlamaRotaryEmbedding(config)(x, positions)
        turned, _ = apply_rotary_pos_emb(x[None], x[None], cosines, sines, unsqueeze_dim=2)
        write(f"rotary_{name}", turned)


def operations():
    n = Numbers(11)
    x, w, b = n.take(5, 100) * 3, n.take(100), n.take(100)
    write("layer_norm", F.layer_norm(x, (100,), w, b, 1e-5))
    write("softmax", F.softmax(Numbers(12).take(4, 70) * 20, -1))
    x = Numbers(13).take(500).double() * 6
    write("gelu", F.gelu(x).float())
    write("gelu_tanh", F.gelu(x, approximate="tanh").float())
    write("quick_gelu", (x * torch.sigmoid(1.702 * x)).float())
    write("silu", F.silu(x).float())
    n = Numbers(14)
    x, w = n.take(5, 84) * 3, n.take(84)
    write("rms_norm", F.rms_norm(x, (84,), w, 1e-5))
    rotary()
    for width, keys, causal in [(64, 81, False), (32, 256, False), (64, 33, True)]:
        n, heads, queries = Numbers(100 + width + keys), 3, 20
        q, k, v = n.take(queries, heads, width) * 2, n.take(keys, heads, width) * 2, n.take(keys, heads, width)
        mask = None
        if causal:  # query row i sees keys 0...offset + i, offset = keys - queries
            mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
        out = F.scaled_dot_product_attention(*(t.permute(1, 0, 2).double() for t in (q, k, v)), attn_mask=mask)
        write(f"attention_{width}_{keys}", out.float().permute(1, 0, 2))
    for width, keys, causal in [(20, 7, False), (36, 81, False), (40, 50, True), (72, 33, True), (80, 197, False)]:
        n, heads, shared, queries = Numbers(100 + width + keys), 6, 3, 9
        q, k, v = n.take(queries, heads, width) * 2, n.take(keys, shared, width) * 2, n.take(keys, shared, width)
        mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries) if causal else None
        out = F.scaled_dot_product_attention(
            *(t.permute(1, 0, 2).double() for t in (q, k, v)), attn_mask=mask, enable_gqa=True)
        write(f"attention_{width}_{keys}", out.float().permute(1, 0, 2))
    for kernel, stride, height, width, channels in [(3, 1, 9, 7, 24), (3, 2, 10, 9, 40), (5, 1, 6, 11, 24),
                                                    (5, 2, 9, 10, 33), (5, 2, 3, 2, 16)]:
        n = Numbers(1000 + kernel * 10 + stride)
        x, w, b = n.take(height, width, channels) * 4, n.take(channels, 1, kernel, kernel), n.take(channels)
        y = F.conv2d(same_padding(x.permute(2, 0, 1)[None], kernel, stride), w, b, stride, groups=channels)
        write(f"depthwise_{kernel}_{stride}_{height}x{width}", y.clamp(0, 6)[0].permute(1, 2, 0))
    n = Numbers(17)
    x, w, b = n.take(2, 11, 12, 3), n.take(20, 3, 3, 3), n.take(20)
    y = F.conv2d(same_padding(x.permute(0, 3, 1, 2), 3, 2), w, b, 2)
    write("convolution", y.clamp(0, 6).permute(0, 2, 3, 1))


def image_tower():
    """timm's own network; batch norms become the identity plus a bias, as an exporter folds them."""
    model = timm.create_model("tf_efficientnet_lite2", pretrained=False).eval()
    n = Numbers(2024)

    def fill(convolution, norm):
        shape = convolution.weight.shape
        scale = (6.0 / (shape[1] * shape[2] * shape[3])) ** 0.5
        convolution.weight.data = n.take(*shape) * np.float32(scale)
        norm.weight.data.fill_(1)
        norm.running_mean.data.fill_(0)
        norm.running_var.data.fill_(1 - norm.eps)
        norm.bias.data = n.take(shape[0]) * np.float32(0.5)

    fill(model.conv_stem, model.bn1)
    for stage in model.blocks:
        for block in stage:
            if hasattr(block, "conv_pwl"):
                fill(block.conv_pw, block.bn1)
                fill(block.conv_dw, block.bn2)
                fill(block.conv_pwl, block.bn3)
            else:
                fill(block.conv_dw, block.bn1)
                fill(block.conv_pw, block.bn2)
    fill(model.conv_head, model.bn2)
    pixels = n.take(260, 260, 3)
    with torch.inference_mode():
        grid = model.double().forward_features(pixels.permute(2, 0, 1)[None].double())
    tokens = grid[0].permute(1, 2, 0).reshape(81, 1280)
    print("image tower: mean %.4f, deviation %.4f, share of zeros %.3f, of sixes %.3f" % (
        tokens.mean(), tokens.std(), (tokens == 0).float().mean(), (tokens == 6).float().mean()))
    write("efficientnet_lite2", tokens[:, ::16].float())


operations()
image_tower()
