"""Sensorium in PyTorch, in the order of the forward pass.

The names of the modules are the names of the tensors in the checkpoint, so that a `state_dict` is a checkpoint.
Shapes are written as [batch, tokens, width]; `b` photos have `c` captions each, `t` tokens long.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Stages of EfficientNet-Lite2 (Tan & Le 2019, Lite variant): kernel, stride, expansion, channels, repeats.
LITE2_STAGES = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 3),
    (5, 2, 6, 48, 3),
    (3, 2, 6, 88, 4),
    (5, 1, 6, 120, 4),
    (5, 2, 6, 208, 5),
    (3, 1, 6, 352, 1),
]


# Image tower


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding: the odd pixel goes to the right and to the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = []
        for size in (x.shape[3], x.shape[2]):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


class InvertedResidual(nn.Module):
    """Expand, depthwise, project (Sandler 2018); batch norms are folded into the convolutions."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        inner = inputs * expansion
        self.expand = nn.Conv2d(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride, groups=inner)
        self.project = nn.Conv2d(inner, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        h = x if self.expand is None else F.relu6(self.expand(x))
        h = self.project(F.relu6(self.depthwise(h)))
        return x + h if self.residual else h


class ImageTower(nn.Module):
    """EfficientNet-Lite2 without its classifier: pixels [b, 3, 260, 260] to tokens [b, 81, 1280], row by row."""

    def __init__(self):
        super().__init__()
        self.stem = SameConv(3, 32, 3, 2)
        blocks, channels = [], 32
        for kernel, stride, expansion, outputs, repeats in LITE2_STAGES:
            for repeat in range(repeats):
                blocks.append(InvertedResidual(channels, outputs, kernel, stride if repeat == 0 else 1, expansion))
                channels = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Conv2d(channels, 1280, 1)

    def through(self, pixels: Tensor, blocks: int) -> Tensor:
        """What the stem and the first blocks make of pixels: [b, channels, height, width]."""
        x = F.relu6(self.stem(pixels))
        for block in self.blocks[:blocks]:
            x = block(x)
        return x

    def forward(self, pixels: Tensor) -> Tensor:
        return F.relu6(self.head(self.through(pixels, len(self.blocks)))).flatten(2).transpose(1, 2)


class ImageBranch(nn.Module):
    """The blocks of an `ImageTower` from one on, and a last convolution: what the blocks before gave to tokens [b, 81, 1280]."""

    def __init__(self, from_block: int):
        super().__init__()
        whole = ImageTower()
        self.blocks = nn.ModuleDict({str(index): whole.blocks[index] for index in range(from_block, len(whole.blocks))})
        self.head = whole.head

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks.values():
            x = block(x)
        return F.relu6(self.head(x)).flatten(2).transpose(1, 2)


# Text tower: BERT (Devlin 2019) with the names of Hugging Face


class BertEmbeddings(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        width = config["hidden_size"]
        self.word_embeddings = nn.Embedding(config["vocab_size"], width)
        self.position_embeddings = nn.Embedding(config["max_position_embeddings"], width)
        self.token_type_embeddings = nn.Embedding(config["type_vocab_size"], width)
        self.LayerNorm = nn.LayerNorm(width, config["layer_norm_eps"])

    def forward(self, ids: Tensor) -> Tensor:
        positions = self.position_embeddings.weight[: ids.shape[1]]
        return self.LayerNorm(self.word_embeddings(ids) + positions + self.token_type_embeddings.weight[0])


class BertLayer(nn.Module):
    """Post-norm layer; `ModuleDict`s only give the nested names."""

    def __init__(self, config: dict):
        super().__init__()
        width, inner, eps = config["hidden_size"], config["intermediate_size"], config["layer_norm_eps"]
        self.heads = config["num_attention_heads"]
        self.attention = nn.ModuleDict({
            "self": nn.ModuleDict({name: nn.Linear(width, width) for name in ("query", "key", "value")}),
            "output": nn.ModuleDict({"dense": nn.Linear(width, width), "LayerNorm": nn.LayerNorm(width, eps)}),
        })
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, inner)})
        self.output = nn.ModuleDict({"dense": nn.Linear(inner, width), "LayerNorm": nn.LayerNorm(width, eps)})

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        def split(name: str) -> Tensor:
            return self.attention["self"][name](x).unflatten(2, (self.heads, -1)).transpose(1, 2)

        mixed = F.scaled_dot_product_attention(split("query"), split("key"), split("value"), mask[:, None, None])
        attention, output = self.attention["output"], self.output
        x = attention["LayerNorm"](x + attention["dense"](mixed.transpose(1, 2).flatten(2)))
        return output["LayerNorm"](x + output["dense"](F.gelu(self.intermediate["dense"](x))))


class TextTower(nn.Module):
    """all-MiniLM-L6-v2: token ids [b, t] and mask [b, t] (true: a token) to sentence embeddings [b, 384] of length 1."""

    def __init__(self, config: dict):
        super().__init__()
        self.embeddings = BertEmbeddings(config)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(BertLayer(config) for _ in range(config["num_hidden_layers"]))})

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Last hidden state [b, t, 384]."""
        x = self.embeddings(ids)
        for layer in self.encoder["layer"]:
            x = layer(x, mask)
        return x

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.states(ids, mask)
        weights = mask[:, :, None].to(x.dtype)
        return F.normalize((x * weights).sum(1) / weights.sum(1), dim=1)


# Caption head: pre-LN transformer (Vaswani 2017; Xiong 2020)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """[b, t, width] to [b, heads, t, width of a head]."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.split(self.key(x)), self.split(self.value(x))

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, causal: bool = False, there: Tensor | None = None) -> Tensor:
        """Written out: for sequences this short a CPU needs a fifth less time for it than for the fused kernel.

        `there` [b, keys]: false for keys that nothing may look at."""
        queries = self.split(self.query(x))
        scores = queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[3])
        if there is not None:
            scores = scores.masked_fill(~there[:, None, None], -torch.inf)
        if causal:
            future = torch.ones(scores.shape[2:], dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(future, -torch.inf)
        mixed = scores.softmax(3).to(values.dtype) @ values
        return self.output(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width: int, inner: int):
        super().__init__()
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(x)))


class ImageLayer(nn.Module):
    def __init__(self, config: dict, width: int, dropout: float):
        super().__init__()
        eps = config["layer_norm_eps"]
        self.attention_norm = nn.LayerNorm(width, eps)
        self.attention = Attention(width, config["attention_heads"])
        self.feed_forward_norm = nn.LayerNorm(width, eps)
        self.feed_forward = FeedForward(width, config["feed_forward"])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        h = self.attention_norm(x)
        x = x + self.dropout(self.attention(h, *self.attention.keys_values(h)))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class CaptionImage(nn.Module):
    """Tokens of the tower [b, 81, 1280] to the memory of the decoder [b, 81, width]."""

    def __init__(self, config: dict, tower: dict, width: int, dropout: float):
        super().__init__()
        self.projection = nn.Linear(tower["channels"], width)
        self.norm = nn.LayerNorm(width, config["layer_norm_eps"])
        self.positions = nn.Parameter(torch.randn(tower["tokens"], width) * 0.02)
        self.layers = nn.ModuleList(ImageLayer(config, width, dropout) for _ in range(config["image_layers"]))
        self.final_norm = nn.LayerNorm(width, config["layer_norm_eps"])
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        """`kept`: the places [k] of the tokens, where training drops some of the 81."""
        positions = self.positions if kept is None else self.positions[kept]
        x = self.dropout(self.norm(self.projection(tokens)) + positions)
        for layer in self.layers:
            x = layer(x)
        return self.final_norm(x)


@dataclass
class Things:
    """Names of things that a classifier saw in photos, the likeliest first, as pieces side by side; T: most pieces of a photo."""

    pieces: Tensor  # tokens of the decoder [b, T]
    places: Tensor  # of a piece in its name [b, T]
    likelihoods: Tensor  # of the name in the whole photo and in the likeliest of its parts [b, T, 2]
    there: Tensor  # false for what fills up [b, T]

    def may_follow(self, prefix: Tensor, last: int) -> Tensor:
        """Which pieces may be copied after each of the last places of a prefix [b, t]: [b, last, T].

        A name is copied whole and once: its first piece where it was not said, each other behind the one before it."""
        before = torch.where(self.places > 0, self.pieces.roll(1, 1), -1)
        behind = prefix[:, -last:, None] == before[:, None]
        said = (prefix[:, :, None] == self.pieces[:, None]).cummax(1).values[:, -last:]
        return self.there[:, None] & torch.where(self.places[:, None] > 0, behind, ~said)

    def repeated(self, times: int) -> "Things":
        """Each photo so many times in a row."""
        fields = (self.pieces, self.places, self.likelihoods, self.there)
        return self if times == 1 else Things(*(field.repeat_interleave(times, 0) for field in fields))

    def to(self, device: str) -> "Things":
        return Things(*(getattr(self, name).to(device) for name in ("pieces", "places", "likelihoods", "there")))


@dataclass
class Memory:
    """What the decoder looks at of b photos."""

    layers: list[tuple[Tensor, Tensor]]  # keys and values of each layer [b, heads, image tokens + T, width of a head]
    there: Tensor | None = None  # [b, image tokens + T], none: everything
    things: Things | None = None
    copied: Tensor | None = None  # keys of the pieces that can be copied [b, T, width]

    @property
    def photos(self) -> int:
        return len(self.layers[0][0])

    def detached(self, kind: torch.dtype) -> "Memory":
        layers = [(keys.detach().to(kind), values.detach().to(kind)) for keys, values in self.layers]
        return Memory(layers, self.there, self.things, None if self.copied is None else self.copied.detach().to(kind))


# A name that the classifier thinks less likely than this looks as likely as this.
LEAST = 1e-3


class CaptionThings(nn.Module):
    """Names of things as memory of the decoder, and as words that it may copy (CopyNet, Gu 2016)."""

    def __init__(self, longest: int, width: int, epsilon: float):
        super().__init__()
        self.projection = nn.Linear(width, width)
        self.positions = nn.Parameter(torch.randn(longest, width) * 0.02)
        self.likelihood = nn.Linear(4, width)
        self.norm = nn.LayerNorm(width, epsilon)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)

    def forward(self, things: Things, embedding: nn.Embedding) -> Tensor:
        """[b, T, width]"""
        likelihoods = things.likelihoods.clamp(min=LEAST)
        seen = torch.cat([likelihoods, likelihoods.log() / -math.log(LEAST) + 1], 2)
        x = self.projection(embedding(things.pieces)) + self.positions[things.places] + self.likelihood(seen.to(self.likelihood.weight.dtype))
        return self.norm(x)

    def copies(self, hidden: Tensor, keys: Tensor) -> Tensor:
        """How much each piece wants to be the next word [b, t, T], on the scale of the logits."""
        return self.query(hidden) @ keys.transpose(1, 2) / math.sqrt(hidden.shape[2])


class DecoderLayer(nn.Module):
    def __init__(self, config: dict, width: int, dropout: float):
        super().__init__()
        eps = config["layer_norm_eps"]
        self.self_attention_norm = nn.LayerNorm(width, eps)
        self.self_attention = Attention(width, config["attention_heads"])
        self.cross_attention_norm = nn.LayerNorm(width, eps)
        self.cross_attention = Attention(width, config["attention_heads"])
        self.feed_forward_norm = nn.LayerNorm(width, eps)
        self.feed_forward = FeedForward(width, config["feed_forward"])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor], there: Tensor | None, past: tuple[Tensor, Tensor] | None, captions: int):
        """`memory`: keys and values of the photos, `there`: which of them count. `past`: keys and values of earlier tokens of the captions, or
        None for a whole caption at once. Returns x and the keys and values up to now."""
        h = self.self_attention_norm(x)
        keys, values = self.self_attention.keys_values(h)
        if past is not None:
            keys, values = torch.cat([past[0], keys], 2), torch.cat([past[1], values], 2)
        x = x + self.dropout(self.self_attention(h, keys, values, causal=past is None))
        # The captions of a photo ask its memory in one go: [b * c, t, width] as [b, c * t, width].
        h = self.cross_attention_norm(x)
        crossed = self.cross_attention(h.reshape(-1, captions * h.shape[1], h.shape[2]), *memory, there=there)
        x = x + self.dropout(crossed.reshape(x.shape))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x))), (keys, values)


class CaptionHead(nn.Module):
    """Decoder over word pieces that attends to the image tokens, and to the names of things where its configuration has them."""

    def __init__(self, config: dict, tower: dict, width: int, dropout: float = 0.0):
        super().__init__()
        self.image = CaptionImage(config, tower, width, dropout)
        self.embedding = nn.Embedding(len(config["vocabulary"]), width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.positions = nn.Parameter(torch.randn(config["max_tokens"], width) * 0.02)
        self.layers = nn.ModuleList(DecoderLayer(config, width, dropout) for _ in range(config["layers"]))
        self.final_norm = nn.LayerNorm(width, config["layer_norm_eps"])
        self.output_bias = nn.Parameter(torch.zeros(len(config["vocabulary"])))
        self.things = CaptionThings(config["things"]["positions"], width, config["layer_norm_eps"]) if "things" in config else None
        self.dropout = nn.Dropout(dropout)
        # Residual branches start small (Radford 2019), which spares a pre-LN network a long warm-up.
        depth = config["image_layers"] + config["layers"]
        for name, parameter in self.named_parameters():
            if name.endswith(("output.weight", "down.weight")):
                nn.init.normal_(parameter, std=0.05 / math.sqrt(2 * depth))

    def memory(self, tokens: Tensor, kept: Tensor | None = None, things: Things | None = None) -> Memory:
        """What the decoder looks at of photos, tokens [b, 81, 1280]."""
        memory = self.image(tokens, kept)
        if things is None:
            return Memory([layer.cross_attention.keys_values(memory) for layer in self.layers])
        names = self.things(things, self.embedding)
        there = torch.cat([torch.ones(memory.shape[:2], dtype=torch.bool, device=memory.device), things.there], 1)
        memory = torch.cat([memory, names.to(memory.dtype)], 1)
        layers = [layer.cross_attention.keys_values(memory) for layer in self.layers]
        return Memory(layers, there, things, self.things.key(names))

    def hidden(self, ids: Tensor, memory: Memory, past: list | None = None, captions: int = 1) -> tuple[Tensor, list]:
        """Normed hidden states [b * c, t, width] of ids [b * c, t], and the caches to go on from."""
        start = 0 if past is None else past[0][0].shape[2]
        x = self.dropout(self.embedding(ids) + self.positions[start : start + ids.shape[1]])
        caches = []
        for index, layer in enumerate(self.layers):
            x, cache = layer(x, memory.layers[index], memory.there, None if past is None else past[index], captions)
            caches.append(cache)
        return self.final_norm(x), caches

    def copies(self, hidden: Tensor, prefix: Tensor, memory: Memory, captions: int) -> Tensor:
        """How much the names' pieces want to be the next word [b * c, t, T] behind the last t places of a prefix."""
        asked = hidden.reshape(-1, captions * hidden.shape[1], hidden.shape[2])
        scores = self.things.copies(asked, memory.copied).reshape(*hidden.shape[:2], -1)
        return scores.masked_fill(~memory.things.repeated(captions).may_follow(prefix, hidden.shape[1]), -torch.inf)

    def next_words(self, hidden: Tensor, prefix: Tensor, memory: Memory, captions: int = 1) -> Tensor:
        """Logits of the words after a prefix [b * c, vocabulary] in float32: a word that can be copied has both ways' weight."""
        logits = self.logits(hidden[:, -1]).float()
        if memory.things is not None:
            copies = self.copies(hidden[:, -1:], prefix, memory, captions)[:, 0].float()
            pieces = memory.things.pieces.repeat_interleave(captions, 0)
            for place in range(pieces.shape[1]):
                at = pieces[:, place : place + 1]
                logits.scatter_(1, at, torch.logaddexp(logits.gather(1, at), copies[:, place : place + 1]))
        return logits

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embedding.weight, self.output_bias)


class Sensorium(nn.Module):
    """The whole checkpoint: two towers, one head."""

    def __init__(self, config: dict):
        super().__init__()
        self.image = ImageTower()
        self.text = TextTower(config["towers"]["text"])
        self.caption = CaptionHead(config["heads"]["caption"], config["towers"]["image"], config["width"])
