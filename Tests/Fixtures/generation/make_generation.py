"""Writes generation.json: what transformers' `generate` makes of a model whose next token depends on the last one and its place.

    python make_generation.py generation.json

The model is a table of logits [last, next], larger by a twentieth at each place, so that whoever compares needs no network. Each case has the settings of
`generation_config.json`, a prompt and the tokens behind it.

Made with transformers 5.24.0, torch 2.15.0, numpy 2.4.6.
"""

import itertools
import json
import sys

import torch
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

VOCABULARY = 14


class TableConfig(PretrainedConfig):
    model_type = "table"
    vocab_size = VOCABULARY
    num_hidden_layers = 1
    hidden_size = 1
    num_attention_heads = 1


class Table(PreTrainedModel, GenerationMixin):
    config_class = TableConfig
    _supports_cache_class = False

    def __init__(self, config, table):
        super().__init__(config)
        self.table = torch.nn.Parameter(table)
        self.post_init()

    def _init_weights(self, module):
        pass

    def prepare_inputs_for_generation(self, input_ids, **kwargs):
        return {"input_ids": input_ids}

    def forward(self, input_ids, **kwargs):
        # Later tokens are surer: else two texts of the same steps in another order would be equally likely.
        sureness = 1 + 0.05 * torch.arange(input_ids.shape[1], dtype=torch.float32)
        return CausalLMOutput(logits=self.table[input_ids] * sureness[:, None])


SETTINGS = [
    {},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.7, "no_repeat_ngram_size": 3},
    {"no_repeat_ngram_size": 2},
    {"min_length": 7},
    {"min_new_tokens": 5, "repetition_penalty": 2.0},
    {"bad_words_ids": [[4], [5, 6], [7, 3]]},
    {"suppress_tokens": [2, 9], "begin_suppress_tokens": [3, 5, 8]},
    {"forced_eos_token_id": 1, "min_length": 12},
    {"forced_bos_token_id": 6},
    {"eos_token_id": [1, 2, 5]},
    {"eos_token_id": [1, 2], "length_penalty": 2.0},
    {"length_penalty": 0.0},
    {"length_penalty": -1.0},
    {"length_penalty": 1.7, "early_stopping": True},
    {"length_penalty": 1.7, "early_stopping": "never"},
    {"early_stopping": True, "no_repeat_ngram_size": 2, "repetition_penalty": 1.1},
    {"length_penalty": -0.5, "early_stopping": "never"},
]


def main(path):
    torch.manual_seed(7)
    tables = [torch.randn(VOCABULARY, VOCABULARY) * width for width in (1.0, 2.5)]
    # The end is likely enough to be reached, and the padding is never written.
    for table in tables:
        table[:, 1] += 0.5
        table[:, 0] = -30
    cases = []
    for place, settings, beams, prompt in itertools.product(
        range(len(tables)), SETTINGS, (1, 2, 3, 5), ([3], [3, 8, 4])
    ):
        if beams == 1 and any(name in settings for name in ("length_penalty", "early_stopping")):
            continue
        whole = {"eos_token_id": 1, "pad_token_id": 0, "num_beams": beams, "max_new_tokens": 9, **settings}
        model = Table(TableConfig(), tables[place]).eval()
        with torch.no_grad():
            out = model.generate(
                torch.tensor([prompt]), generation_config=GenerationConfig(**whole), use_cache=False,
                num_return_sequences=beams,
            )
        texts = []
        ends = whole["eos_token_id"]
        ends = ends if isinstance(ends, list) else [ends]
        for tokens in out.tolist():
            tokens = tokens[len(prompt):]
            end = next((index for index, token in enumerate(tokens) if token in ends), None)
            texts.append(tokens[:end])
        cases.append({"table": place, "prompt": prompt, "settings": whole, "texts": texts})
    with open(path, "w") as file:
        json.dump({"tables": [table.tolist() for table in tables], "cases": cases}, file)
        file.write("\n")
    print(len(cases), "cases")


main(sys.argv[1])
