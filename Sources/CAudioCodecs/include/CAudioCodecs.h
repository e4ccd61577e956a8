#pragma once

#include <stddef.h>
#include <stdint.h>

// A thin layer over libsndfile and libsoxr, and the Fourier transform of the log-mel spectrogram. Nothing here keeps state
// outside what its caller holds. What a library says in words stays here: its caller gets a number and has sentences of its own.

enum {
    sound_ok = 0,
    sound_not_begun = 1,     // the library does not read the beginning of these bytes
    sound_out_of_memory = 2, // working memory could not be had
    sound_mismatch = 3,      // the library read other channels or another rate than the caller's header reader
    sound_not_finite = 4,    // a sample is NaN, infinite or absurdly large
    sound_broken = 5,        // the library stopped within the sound with an error
};

/// A part of the caller's bytes.
typedef struct {
    size_t start;
    size_t count;
} sound_piece;

/// A file as the library sees it: `head`, written by the caller, and behind it pieces of the caller's bytes. So the caller decides
/// which parts of an uploaded file are looked at, without copying them.
typedef struct {
    const uint8_t *head;
    size_t head_count;
    const uint8_t *bytes;
    const sound_piece *pieces;
    size_t piece_count;
} sound_bytes;

typedef struct sound_reader sound_reader;

/// Opens for reading. `bytes` and what it points to must stay valid until `sound_close`. The rate is the one in which samples will
/// come; 0 in `*rate` accepts any. Returns NULL with a code for a refusal.
sound_reader *sound_open(const sound_bytes *bytes, int32_t channels, int32_t *rate, int *code);

/// Reads up to `frames` samples, each the mean of its channels. Returns how many there were, 0 at the end, or minus a code.
int64_t sound_read(sound_reader *reader, float *mono, int64_t frames);

/// What was read so far, before channels were mixed.
typedef struct {
    float peak;       // the largest magnitude
    int whole;        // whether every sample is a whole number
} sound_levels;

sound_levels sound_levels_read(const sound_reader *reader);

void sound_close(sound_reader *reader);

typedef struct sound_resampler sound_resampler;

/// A resampler of one channel with libsoxr's quality HQ (20 bit), on the calling thread. NULL without memory.
sound_resampler *sound_resampler_open(int32_t from, int32_t to);

/// Takes `count` samples, or the end where `input` is NULL, and writes what is ready. Returns how many were written and, in
/// `*used`, how many were taken; less than 0 if the library failed.
int64_t sound_resample(
    sound_resampler *resampler, const float *input, size_t count, size_t *used, float *output, size_t capacity);

void sound_resampler_close(sound_resampler *resampler);

/// libsndfile's version, such as "libsndfile-1.2.0".
const char *sound_library_version(void);

/// Whether the libsndfile that is loaded can decode a major format by the sniffing name used here: "mp3", "opus", "ogg",
/// "flac" or "wav".
int sound_library_reads(const char *format);

enum { spectrum_length = 400, spectrum_bins = 201, spectrum_lanes = 4 };

/// The roots of unity that a transform of `spectrum_length` samples needs: `spectrum_length` cosines, then as many sines.
void spectrum_roots(double *roots);

/// The power spectra of `spectrum_lanes` windowed frames at once: `frames` is [spectrum_length][spectrum_lanes], `power`
/// [spectrum_bins][spectrum_lanes].
void spectrum_power(const double *roots, const double *frames, double *power);
