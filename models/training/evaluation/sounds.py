"""Everyday sounds: their kinds, sounds by words, photos by sounds, and the field's own example, waves on the beach."""

import argparse
import io

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
from torch import Tensor

from ..sensorium.client import Server, ask_all
from ..sensorium.data import read_files as read_photo_files
from ..sensorium.data import read_photos, uploadable
from ..sensorium.hearing import Shown, figures_of, naming, print_figures
from ..sensorium.sound_phrases import held_out_phrase
from ..sensorium.sounds import read_files, read_sounds

BEACH = "waves on the beach"


def wav(samples: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_U8")
    return file.getvalue()


def print_kinds(answers: list[dict[str, float]], wanted: list[str]) -> None:
    ranked = [sorted(scores, key=scores.get, reverse=True) for scores in answers]
    one, five = (np.mean([kind in labels[:k] for labels, kind in zip(ranked, wanted)]) for k in (1, 5))
    count = len(answers[0])
    print(f"sound kinds, dev: top 1 {one:.4f} (chance {1 / count:.4f}), top 5 {five:.4f} (chance {5 / count:.4f}), {len(wanted)} clips, {count} kinds")


def print_beach(words: Tensor, photos: Tensor, captions: list[list[str]], clips: Tensor, wanted: list[str]) -> None:
    """The sentence, the first dev photo whose captions speak of waves and a beach, the first dev clip of sea waves."""
    photo = next(row for row, texts in enumerate(captions) if "wave" in " ".join(texts).lower() and "beach" in " ".join(texts).lower())
    clip = wanted.index("sea waves")

    def place(key: Tensor, items: Tensor, item: int) -> str:
        scores = items @ key
        return f"cosine {scores[item]:.3f}, place {int((scores > scores[item]).sum()) + 1} of {len(items)} (mean cosine {scores.mean():.3f})"

    print(f'"{BEACH}" → a recording of the sea: {place(words, clips, clip)}')
    print(f'"{BEACH}" → a photo of a beach: {place(words, photos, photo)}; caption: {captions[photo][0]}')
    print(f"a recording of the sea → that photo: {place(clips[clip], photos, photo)}")
    print(f"that photo → the recording: {place(photos[photo], clips, clip)}", flush=True)


def print_unusual(server: Server) -> None:
    """What the server says to sounds that hold none."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 3600 * 4000)
    sounds = {
        "five seconds of silence": wav(np.zeros(80_000), 16_000), "one sample": wav(np.full(1, 0.5), 16_000),
        "five seconds of noise": wav(noise[:80_000], 16_000), "a minute of noise": wav(noise[: 60 * 4000], 4000),
        "an hour of noise": wav(noise, 4000),
    }
    for name, file in sounds.items():
        try:
            scores = server.ask("/v1/classify/sound", {"audio": file}, {"top": "3"})["scores"]
            answer = ", ".join(f"{label} {score:.2f}" for label, score in scores.items())
        except RuntimeError as error:
            answer = str(error)
        print(f"{name}: {answer}", flush=True)


def run(server: Server, arguments: argparse.Namespace) -> None:
    data, connections = arguments.data, arguments.connections
    sounds = [sound for sound in read_sounds(data) if sound.split == "dev"]
    files, wanted = read_files(data, "dev"), [sound.kind for sound in sounds]
    answers = ask_all(lambda sound: server.ask("/v1/classify/sound", {"audio": files[sound.name]}, {})["scores"], sounds, connections)
    print_kinds(answers, wanted)

    kinds = sorted({sound.kind for sound in read_sounds(data)})
    photos = read_photos(data, "dev")
    pictures = {row: uploadable(file) for row, file in read_photo_files(data, "dev", photos)}
    embed = lambda part, file: server.ask("/v1/embed", {part: file}, {})["embedding"]  # noqa: E731
    clips = F.normalize(torch.tensor(ask_all(lambda sound: embed("audio", files[sound.name]), sounds, connections)))
    asked = F.normalize(torch.tensor(ask_all(server.embed, [*map(held_out_phrase, kinds), BEACH], connections)))
    seen = F.normalize(torch.tensor(ask_all(lambda row: embed("image", pictures[row]), range(len(photos)), connections)))
    labels = np.array([kinds.index(kind) for kind in wanted])
    print_figures(figures_of(kinds, clips, labels, asked[:-1], Shown(seen, naming(kinds, photos))))
    print_beach(asked[-1], seen, [photo.captions for photo in photos], clips, wanted)
    print_unusual(server)
