"""Heads over any subset of modalities: one adapter per input, a fusion network, a classifier or a projection.

    x_m     = layers(norm(projection(tokens of m)) + positions)                       [b, t_m, width]
    alone_m = classifier(pool(x_m))                                                   what m by itself says
    logits  = fusion over the inputs that are there

Shapes are written as [batch, tokens, width]. A mask [b, t] is true where there is a token; an input that a row does not
have is a mask of false alone. The names of the modules are the names of the tensors in the checkpoint, behind the name of
the head and a dot.
"""

import math
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .composition import GatedResidual
from .network import Attention, FeedForward

TYPES = ("cross_attention", "concat", "weighted_sum", "late", "hybrid")


def module_name(part: str) -> str:
    """A part as a name of modules and tensors, where a dot would end the name: features.eeg is features_eeg."""
    return part.replace(".", "_")


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """[b, t, d], [b, t] to [b, d]; zeros for a row without tokens."""
    weights = mask[:, :, None].to(x.dtype)
    return (x * weights).sum(1) / weights.sum(1).clamp(min=1)


def pooled(x: Tensor, mask: Tensor, kind: str) -> Tensor:
    """"mean": [b, d]. "mean_deviation": mean and (population) standard deviation over the tokens, [b, 2 d]."""
    mean = masked_mean(x, mask)
    if kind == "mean":
        return mean
    variance = masked_mean((x - mean[:, None]).square(), mask)
    return torch.cat([mean, (variance + 1e-5).sqrt() * mask.any(1)[:, None]], 1)


class MaskedAttention(Attention):
    """`Attention` that does not look at the keys whose mask is false."""

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        queries, (keys, values) = self.split(self.query(x)), self.keys_values(memory)
        # A row without any key would be softmax over nothing: it looks at everything, and its result is not used.
        visible = mask | ~mask.any(1, keepdim=True)
        scores = queries @ keys.transpose(2, 3) / queries.shape[3] ** 0.5
        scores = scores.masked_fill(~visible[:, None, None], -torch.inf)
        mixed = scores.softmax(3).to(values.dtype) @ values
        return self.output(mixed.transpose(1, 2).flatten(2))


class EncoderLayer(nn.Module):
    """Pre-LN transformer layer over one modality."""

    def __init__(self, head: dict, dropout: float):
        super().__init__()
        width, eps = head["width"], head["layer_norm_eps"]
        self.attention_norm = nn.LayerNorm(width, eps)
        self.attention = MaskedAttention(width, head["attention_heads"])
        self.feed_forward_norm = nn.LayerNorm(width, eps)
        self.feed_forward = FeedForward(width, head["feed_forward"])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        h = self.attention_norm(x)
        x = x + self.dropout(self.attention(h, h, mask))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class Input(nn.Module):
    """The adapter of one modality: tokens of its tower to tokens of the head.

    Of a tower that gives several hidden states ("hidden_states": their numbers), [b, states, t, width of the tower], a
    learned weighted mean is taken (Yang 2021, SUPERB); otherwise tokens are [b, t, width of the tower].
    """

    def __init__(self, head: dict, config: dict, tower_width: int, dropout: float):
        super().__init__()
        width = head["width"]
        self.states = config.get("hidden_states")
        self.state_weights = nn.Parameter(torch.zeros(len(self.states))) if self.states else None
        self.projection = nn.Linear(tower_width, width)
        self.norm = nn.LayerNorm(width, head["layer_norm_eps"])
        positions = config.get("positions", 0)
        self.positions = nn.Parameter(torch.randn(positions, width) * 0.02) if positions else None
        self.layers = nn.ModuleList(EncoderLayer(head, dropout) for _ in range(config.get("layers", 0)))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        if self.state_weights is not None:
            tokens = torch.einsum("s,bstd->btd", self.state_weights.softmax(0), tokens)
        x = self.norm(self.projection(tokens))
        if self.positions is not None:
            x = x + self.positions[: x.shape[1]]
        x = self.dropout(x)
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Classifier(nn.Module):
    def __init__(self, inputs: int, hidden: int, labels: int, dropout: float):
        super().__init__()
        self.up = nn.Linear(inputs, hidden)
        self.down = nn.Linear(hidden, labels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.dropout(F.gelu(self.up(self.dropout(x)))))


class CrossLayer(nn.Module):
    """Tokens of one modality attend to tokens of others: alpha_kl = softmax(Q_k K_l^T / sqrt(d)) V_l, pre-LN."""

    def __init__(self, head: dict, dropout: float):
        super().__init__()
        width, eps = head["width"], head["layer_norm_eps"]
        self.attention_norm = nn.LayerNorm(width, eps)
        self.attention = MaskedAttention(width, head["attention_heads"])
        self.feed_forward_norm = nn.LayerNorm(width, eps)
        self.feed_forward = FeedForward(width, head["feed_forward"])
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.attention_norm(x), memory, mask))
        return x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))


class Cross(nn.Module):
    """All layers of one direction k -> l, and the mean over the tokens of k."""

    def __init__(self, head: dict, dropout: float):
        super().__init__()
        self.layers = nn.ModuleList(CrossLayer(head, dropout) for _ in range(head["fusion"].get("layers", 1)))
        self.norm = nn.LayerNorm(head["width"], head["layer_norm_eps"])

    def forward(self, x: Tensor, mask: Tensor, memory: Tensor, memory_mask: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, memory, memory_mask)
        return masked_mean(self.norm(x), mask)


class Match(nn.Module):
    """What a joint space makes of two inputs: dimensions · (v_k - mean) ⊙ v_l, [b, dimensions], v the vectors of length 1
    that the projection head "head" gives for its "inputs" (name of an input here -> its name there)."""

    def __init__(self, match: dict, names: list[str]):
        super().__init__()
        self.k, self.l = (name for name in names if name in match["inputs"])
        self.register_buffer("mean", torch.zeros(match["dimensions"]))

    def forward(self, vectors: dict[str, Tensor]) -> Tensor:
        return len(self.mean) * (vectors[self.k] - self.mean) * vectors[self.l]


class CrossAttentionFusion(nn.Module):
    """Terms: each input's own mean, each pair (both directions summed), the triple (three directions, each to the tokens
    of the other two, summed), and the match in a joint space. `combine` "concat" puts zeros for terms that are not there;
    "sum" and "max" leave them out, and have no match. `pairs` "all", or a list of [k, l]: only these directions.
    """

    def __init__(self, head: dict, dropout: float):
        super().__init__()
        fusion, self.names = head["fusion"], list(head["inputs"])
        self.combine = fusion.get("combine", "concat")
        chosen = fusion.get("pairs", "all")
        self.pairs = []
        for pair in combinations(self.names, 2):
            directions = [d for d in (pair, pair[::-1]) if chosen == "all" or list(d) in chosen]
            if directions:
                self.pairs.append(directions)
        self.triple = bool(fusion.get("triple", False)) and len(self.names) == 3
        keys = [self.key(k, l) for directions in self.pairs for k, l in directions]
        keys += [self.key(k, "rest") for k in self.names] if self.triple else []
        self.cross = nn.ModuleDict({key: Cross(head, dropout) for key in keys})
        terms = len(self.names) + len(self.pairs) + int(self.triple)
        self.width = head["width"] * (terms if self.combine == "concat" else 1)
        self.match = Match(fusion["match"], self.names) if "match" in fusion else None
        if self.match is not None:
            self.width += len(self.match.mean)

    @staticmethod
    def key(k: str, l: str) -> str:
        return f"{module_name(k)}_to_{module_name(l)}"

    def forward(self, x: dict[str, Tensor], masks: dict[str, Tensor], vectors: dict[str, Tensor] | None = None) -> Tensor:
        """`vectors`: for the match, each input as a vector of the joint space."""
        there = {name: masks[name].any(1) for name in self.names}
        terms = [(masked_mean(x[name], masks[name]), there[name]) for name in self.names]
        for directions in self.pairs:
            total = sum(self.cross[self.key(k, l)](x[k], masks[k], x[l], masks[l]) for k, l in directions)
            k, l = directions[0]
            terms.append((total, there[k] & there[l]))
        if self.triple:
            total = 0
            for k in self.names:
                rest = [name for name in self.names if name != k]
                memory, mask = torch.cat([x[n] for n in rest], 1), torch.cat([masks[n] for n in rest], 1)
                total = total + self.cross[self.key(k, "rest")](x[k], masks[k], memory, mask)
            terms.append((total, torch.stack(list(there.values())).all(0)))
        if self.match is not None:
            terms.append((self.match(vectors), there[self.match.k] & there[self.match.l]))
        if self.combine == "concat":
            return torch.cat([term * ok[:, None] for term, ok in terms], 1)
        stacked = torch.stack([term for term, _ in terms], 1)
        present = torch.stack([ok for _, ok in terms], 1)[:, :, None]
        if self.combine == "sum":
            return (stacked * present).sum(1)
        return stacked.masked_fill(~present, -torch.inf).amax(1)


class ClassifierHead(nn.Module):
    """Any non-empty subset of inputs to logits [b, labels]; for "late" they are log-probabilities.

    The fusion types:
    - cross_attention: classifier(CrossAttentionFusion)
    - concat:          classifier(own means side by side, zeros for what is not there)
    - weighted_sum:    classifier(sum of own means, weighted by a softmax over what is there)
    - late:            of the inputs' own answers: "mean" of probabilities; "weighted" log-linear pool, sum of
                       softplus(scale_m) · log_softmax(alone_m); "vote" majority, the mean where it is tied
    - hybrid:          cross_attention's logits + late's weighted pool
    """

    def __init__(self, head: dict, tower_widths: dict[str, int], dropout: float = 0.0):
        """`tower_widths`: the width of the tokens of each tower."""
        super().__init__()
        self.names = list(head["inputs"])
        self.type = head["fusion"]["type"]
        self.late = head["fusion"].get("late", "weighted")
        self.pooling = {name: config.get("pooling", "mean") for name, config in head["inputs"].items()}
        width, hidden, labels = head["width"], head["hidden"], len(head["labels"])
        self.inputs = nn.ModuleDict({
            module_name(name): Input(head, config, tower_widths[config["tower"]], dropout)
            for name, config in head["inputs"].items()
        })
        # What each input says alone is part of the answer, whatever the fusion; but not of a head that needs all its inputs.
        self.says_alone = head.get("alone", True)
        self.alone = nn.ModuleDict({
            module_name(name): Classifier(width * (2 if self.pooling[name] == "mean_deviation" else 1), hidden, labels, dropout)
            for name in self.names if self.says_alone
        })
        if self.type in ("cross_attention", "hybrid"):
            self.fusion = CrossAttentionFusion(head, dropout)
            self.classifier = Classifier(self.fusion.width, hidden, labels, dropout)
        elif self.type == "concat":
            self.classifier = Classifier(width * len(self.names), hidden, labels, dropout)
        elif self.type == "weighted_sum":
            self.input_weights = nn.Parameter(torch.zeros(len(self.names)))
            self.classifier = Classifier(width, hidden, labels, dropout)
        # Answers that are names of things; `NamedAnswers.together` joins them.
        self.things = NamedAnswers(head["fusion"]["match"]["dimensions"]) if "things" in head else None
        if self.type == "hybrid" or (self.type == "late" and self.late == "weighted"):
            # softplus(0.5413) = 1
            self.input_scales = nn.Parameter(torch.full((len(self.names),), 0.5413))

    def forward(
        self, tokens: dict[str, Tensor], masks: dict[str, Tensor], vectors: dict[str, Tensor] | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Fused logits [b, labels] and each input's own [b, labels] (meaningless in rows without that input), if there are any.

        `vectors`: for a fusion with a match, its inputs as vectors of the joint space.
        """
        x = {name: self.inputs[module_name(name)](tokens[name], masks[name]) for name in self.names}
        alone = {
            name: self.alone[module_name(name)](pooled(x[name], masks[name], self.pooling[name]))
            for name in self.names if self.says_alone
        }
        there = torch.stack([masks[name].any(1) for name in self.names], 1)
        if self.type == "late":
            return self.pool_late(alone, there), alone
        if self.type in ("cross_attention", "hybrid"):
            logits = self.classifier(self.fusion(x, masks, vectors))
            return (logits + self.pool_weighted(alone, there) if self.type == "hybrid" else logits), alone
        means = torch.stack([masked_mean(x[name], masks[name]) for name in self.names], 1)
        if self.type == "concat":
            return self.classifier(means.flatten(1)), alone
        weights = self.input_weights.expand(len(means), -1).masked_fill(~there, -torch.inf).softmax(1)
        return self.classifier((means * weights[:, :, None]).sum(1)), alone

    def pool_weighted(self, alone: dict[str, Tensor], there: Tensor) -> Tensor:
        scales = F.softplus(self.input_scales) * there
        logs = torch.stack([alone[name].log_softmax(1) for name in self.names], 1)
        return (logs * scales[:, :, None]).sum(1)

    def pool_late(self, alone: dict[str, Tensor], there: Tensor) -> Tensor:
        if self.late == "weighted":
            return self.pool_weighted(alone, there)
        probabilities = torch.stack([alone[name].softmax(1) for name in self.names], 1) * there[:, :, None]
        mean = probabilities.sum(1) / there.sum(1, keepdim=True)
        if self.late == "vote":
            votes = F.one_hot(probabilities.argmax(2), mean.shape[1]) * there[:, :, None]
            # The mean, which is below 1, decides between labels with as many votes.
            mean = (votes.sum(1) + mean) / (there.sum(1, keepdim=True) + 1)
        return mean.clamp(min=1e-12).log()


class ProjectionHead(nn.Module):
    """Each modality by itself into one space: tokens to vectors [b, dimensions] of length 1 (Radford 2021, CLIP).

    A head may have a composition of a photo and words, and concepts: vectors [n, dimensions] of the phrases in its
    configuration.
    """

    def __init__(self, head: dict, tower_widths: dict[str, int], dropout: float = 0.0):
        super().__init__()
        self.names = list(head["inputs"])
        self.pooling = {name: config.get("pooling", "mean") for name, config in head["inputs"].items()}
        self.inputs = nn.ModuleDict({
            module_name(name): Input(head, config, tower_widths[config["tower"]], dropout)
            for name, config in head["inputs"].items()
        })
        self.projections = nn.ModuleDict({
            module_name(name): nn.Linear(head["width"] * (2 if self.pooling[name] == "mean_deviation" else 1), head["dimensions"])
            for name in self.names
        })
        if "composition" in head:
            self.composition = GatedResidual(head["composition"], head["dimensions"])
        if "concepts" in head:
            self.register_buffer("concepts", torch.zeros(len(head["concepts"]), head["dimensions"]))
        self.told = head.get("things")
        # Vectors of names [names, dimensions], of a checkpoint whose photos know them.
        self.things: Tensor | None = None

    def load_state_dict(self, state: dict[str, Tensor], *arguments, **options):
        self.things = state.get("things")
        return super().load_state_dict({name: tensor for name, tensor in state.items() if name != "things"}, *arguments, **options)

    def with_names(self, images: Tensor, likelihoods: Tensor) -> Tensor:
        """Vectors of photos [b, d] that know what was seen in them: likelihoods [b, names], 0 for what was not."""
        added = likelihoods @ self.things / (likelihoods.sum(1, keepdim=True) + self.told["prior"])
        return F.normalize(images + self.told["weight"] * added, dim=1)

    def forward(self, name: str, tokens: Tensor, mask: Tensor) -> Tensor:
        x = pooled(self.inputs[module_name(name)](tokens, mask), mask, self.pooling[name])
        return F.normalize(self.projections[module_name(name)](x), dim=1)


class LinearHead(nn.Module):
    """The classifier of a convolutional network: tokens [b, t, width of the tower] of its one part to logits [b, labels]."""

    def __init__(self, head: dict, widths: dict[str, int]):
        super().__init__()
        (source,) = head["inputs"].values()
        self.classifier = nn.Linear(widths[source["tower"]], len(head["labels"]))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.classifier(tokens.mean(1))


class NamedAnswers(nn.Module):
    """Names of things that were seen, as answers of a question head beside its labels: both share one softmax (CopyNet, Gu 2016).

        score = query(q) · key(t) / √64 + likelihood([whole, part, l(whole), l(part)]) + gate(q),   l(p) = 1 − log p / log 0.001
    """

    WIDTH = 64
    LEAST = 1e-3

    def __init__(self, dimensions: int):
        super().__init__()
        self.query = nn.Linear(dimensions, self.WIDTH)
        self.key = nn.Linear(dimensions, self.WIDTH)
        self.likelihood = nn.Linear(4, 1)
        self.gate = nn.Linear(dimensions, 1)

    def forward(self, question: Tensor, names: Tensor, likelihoods: Tensor) -> Tensor:
        """Question [b, d] and the vectors of names [b, n, d], both of length 1, likelihoods [b, n, 2] to scores [b, n]."""
        likelihoods = likelihoods.clamp(min=self.LEAST)
        seen = torch.cat([likelihoods, likelihoods.log() / -math.log(self.LEAST) + 1], 2)
        fits = (self.key(names) @ self.query(question)[:, :, None])[:, :, 0] / math.sqrt(self.WIDTH)
        return fits + self.likelihood(seen)[:, :, 0] + self.gate(question)

    def together(
        self, logits: Tensor, question: Tensor, vectors: Tensor, names: Tensor, likelihoods: Tensor, there: Tensor, label_of: Tensor
    ) -> Tensor:
        """The head's logits [b, labels] and the names' as one [b, answers]; `label_of`: the answer that each name is."""
        scores = self(question, vectors[names], likelihoods).masked_fill(~there, -torch.inf)
        answers = int(label_of.max()) + 1
        whole = F.pad(logits, (0, answers - logits.shape[1]), value=-1e4)
        for place in range(names.shape[1]):
            at = label_of[names[:, place]][:, None]
            whole = whole.scatter(1, at, torch.logaddexp(whole.gather(1, at), scores[:, place : place + 1]))
        return whole
