#!/usr/bin/env python3
"""Asks a server as clients of text-embeddings-inference do: `huggingface_hub.InferenceClient`, and `langchain-huggingface`. Prints
what was checked.

    python scripts/dialects/tei_client.py .build/release/sensorium [PORT]
"""

from importlib.metadata import version

from checks import Server, check, end, near, refused
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError
from langchain_huggingface import HuggingFaceEndpointEmbeddings

TEXTS = [f"a dog runs, {n}" for n in range(40)]


def main():
    for name in ("huggingface_hub", "langchain-huggingface"):
        print(name, version(name))
    with Server() as server:
        def own(text):
            return server.native("/v1/embed", {"text": text, "model": "mpnet-embed"})["embedding"]

        client = InferenceClient(server.address + "/?model=mpnet-embed")
        one = client.feature_extraction(TEXTS[0])
        check("feature_extraction of a text", one.shape == (1, len(own("a"))) and near(list(one[0]), own(TEXTS[0])))
        many = client.feature_extraction(TEXTS, normalize=True, truncate=True)
        check("of 40, in their order", all(near(list(a), own(b)) for a, b in zip(many, TEXTS)))
        near_ones = client.sentence_similarity("a dog runs", other_sentences=["a dog runs", "tea"])
        check("sentence_similarity", abs(near_ones[0] - 1) < 1e-5 and near_ones[1] < near_ones[0], near_ones)
        embed = InferenceClient(server.address + "/embed?model=mpnet-embed")
        check("/embed with dimensions", embed.feature_extraction("a", dimensions=8).shape == (1, 8))
        refused("prompt_name", HfHubHTTPError, lambda: embed.feature_extraction("a", prompt_name="query"))
        refused("an unknown model", HfHubHTTPError,
                lambda: InferenceClient(server.address + "/embed?model=bge").feature_extraction("a"))

        labels = InferenceClient(server.address + "/predict?model=bert-labels")
        found = labels.text_classification("a dog")
        native = server.native("/v1/classify/text-classification", {"text": "a dog", "model": "bert-labels"})
        # The client takes the first of what it gets, which text-embeddings-inference answers as one list.
        check("text_classification", found.label == native["label"], found)
        ranks = server.native("/rerank?model=bert-rank", {"query": "owls", "texts": ["tea", "owls hunt"], "return_text": True})
        ours = server.native("/v1/rerank", {"query": "owls", "documents": ["tea", "owls hunt"], "model": "bert-rank"})
        check("/rerank", [r["index"] for r in ranks] == [r["index"] for r in ours["results"]], ranks)

        vectors = HuggingFaceEndpointEmbeddings(model="mpnet-embed", huggingfacehub_api_token="none")
        # It takes names of the Hub alone, so that its client is told the address.
        vectors.client = client
        check("LangChain: of documents", all(near(a, own(b)) for a, b in zip(vectors.embed_documents(TEXTS), TEXTS)))
        check("LangChain: of a query", near(vectors.embed_query("a dog"), own("a dog")))
        server.price("/embed?model=mpnet-embed", {"inputs": "a dog runs"}, {"model": "mpnet-embed", "text": "a dog runs"})
    end()


main()
