"""Makes the files of Tests/Fixtures/media/audio and the golden values beside them.

    python make_audio.py

Run with ffmpeg 5.1.9 (Debian 12), soundfile 0.14.0 (libsndfile 1.2.2), soxr 1.1.0 (libsoxr 0.1.3), transformers 5.24.0,
numpy 2. Golden samples are what a training program gets: soundfile reads, the mean of the channels is taken, soxr resamples
with quality HQ. Golden spectrograms are transformers' formula (`audio_utils.spectrogram`, as `WhisperFeatureExtractor` calls
it) on the clip's own length.
"""

import pathlib
import subprocess

import numpy as np
import soundfile
import soxr
from transformers import WhisperFeatureExtractor
from transformers.audio_utils import spectrogram, window_function

folder = pathlib.Path(__file__).parent / "audio"
seconds = 0.25
sample_rate = 44100


def voice(rate: int) -> np.ndarray:
    """Two channels of something like a vowel with a falling pitch, over a little noise."""
    t = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(180 - 120 * t) / rate
    noise = np.random.default_rng(9).normal(size=(len(t), 2)) * 0.002
    tones = sum(np.sin(k * phase) / k for k in range(1, 12))
    envelope = np.minimum(1, np.minimum(t, seconds - t) * 20)
    left = 0.3 * tones * envelope
    right = 0.2 * np.roll(tones, 37) * envelope
    return np.stack([left, right], axis=1) + noise


def encode(source: str, name: str, *options: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", "-i", folder / source, "-map_metadata", "-1", "-fflags", "+bitexact"]
    subprocess.run([*command, *options, folder / name], check=True)


def read(name: str, rate: int = 16000) -> np.ndarray:
    samples, own_rate = soundfile.read(folder / name, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return mono if own_rate == rate else soxr.resample(mono, own_rate, rate, quality="HQ")


def log_mel(samples: np.ndarray) -> np.ndarray:
    extractor = WhisperFeatureExtractor()
    result = spectrogram(
        samples, window_function(400, "hann"), frame_length=400, hop_length=160, power=2.0, mel_filters=extractor.mel_filters,
        log_mel="log10")[:, :-1]
    return ((np.maximum(result, result.max() - 8.0) + 4.0) / 4.0).T.astype("<f4")


def main() -> None:
    folder.mkdir(exist_ok=True)
    soundfile.write(folder / "voice.wav", voice(sample_rate), sample_rate, subtype="PCM_16")
    encode("voice.wav", "voice.flac")
    encode("voice.wav", "voice.ogg", "-c:a", "libvorbis", "-q:a", "2")
    encode("voice.wav", "voice.opus", "-c:a", "libopus", "-b:a", "32k")
    encode("voice.wav", "voice.mp3", "-c:a", "libmp3lame", "-b:a", "64k")
    encode("voice.wav", "no-xing.mp3", "-c:a", "libmp3lame", "-q:a", "5", "-write_xing", "0")
    encode("voice.wav", "low-rate.mp3", "-c:a", "libmp3lame", "-b:a", "32k", "-ar", "22050", "-ac", "1")
    encode("voice.wav", "voice.m4a", "-c:a", "aac", "-b:a", "48k")
    encode("voice.wav", "ogg-flac.ogg", "-c:a", "flac", "-ac", "1", "-ar", "8000")
    encode("voice.wav", "speech-8k-alaw.wav", "-c:a", "pcm_alaw", "-ar", "8000", "-ac", "1")
    encode("voice.wav", "speech-8k-mulaw.wav", "-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1")
    encode("voice.wav", "adpcm.wav", "-c:a", "adpcm_ima_wav", "-ac", "1", "-ar", "8000")

    (folder / "voice.wav").unlink()  # voice.flac holds the same samples in less
    # Every 7th sample shows a shift or another filter as well as all would.
    for path in sorted(folder.iterdir()):
        # libsndfile guesses the length of a VBR file without a Xing frame, and stops there: no golden value for that one.
        skipped = ("adpcm", "ogg-flac", "no-xing")
        if path.suffix in (".wav", ".flac", ".ogg", ".opus", ".mp3") and path.stem not in skipped:
            samples = read(path.name)
            path.with_name(path.name + ".16k").write_bytes(
                np.array([len(samples)], "<u4").tobytes() + samples[::7].astype("<f4").tobytes())
    speech = read("voice.flac")
    quiet = np.random.default_rng(3).normal(size=1999).astype("f4") * 1e-4
    quiet[700:720] = 0.9
    for name, samples in (("speech", speech), ("click", quiet)):
        (folder / f"{name}.f32").write_bytes(samples.astype("<f4").tobytes())
        (folder / f"{name}.mel").write_bytes(log_mel(samples).tobytes())


main()
