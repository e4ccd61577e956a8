#include "CAudioCodecs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

enum { block_frames = 2048 };

struct sound_reader {
    sound_bytes bytes;
    sf_count_t length;
    sf_count_t position;
    size_t piece;       // the last piece that was read from, and
    size_t piece_begin; // where it begins in the file that the library sees
    SNDFILE *file;
    int channels;
    float *block; // block_frames * channels, where there are several
    sound_levels levels;
};

static sf_count_t length(void *user) { return ((sound_reader *)user)->length; }

static sf_count_t seek(sf_count_t offset, int whence, void *user) {
    sound_reader *reader = user;
    sf_count_t end = length(user), base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? reader->position : end;
    if (offset < -base || offset > end - base) return -1; // as lseek: the position stays
    return reader->position = base + offset;
}

static sf_count_t read_bytes(void *into, sf_count_t wanted, void *user) {
    sound_reader *reader = user;
    sf_count_t left = length(user) - reader->position;
    if (wanted > left) wanted = left;
    if (wanted <= 0) return 0;
    size_t from = (size_t)reader->position, count = (size_t)wanted, head = reader->bytes.head_count, done = 0;
    if (from < head) {
        done = count < head - from ? count : head - from;
        memcpy(into, reader->bytes.head + from, done);
    }
    if (from < reader->piece_begin) reader->piece = 0, reader->piece_begin = head;
    while (done < count) {
        // In bounds: no more is wanted than there is in the pieces together.
        const sound_piece *piece = &reader->bytes.pieces[reader->piece];
        size_t inside = from + done - reader->piece_begin;
        if (inside >= piece->count) {
            reader->piece_begin += piece->count;
            reader->piece++;
            continue;
        }
        size_t part = count - done < piece->count - inside ? count - done : piece->count - inside;
        memcpy((uint8_t *)into + done, reader->bytes.bytes + piece->start + inside, part);
        done += part;
    }
    reader->position += wanted;
    return wanted;
}

static sf_count_t write_nothing(const void *from, sf_count_t count, void *user) {
    (void)from, (void)count, (void)user;
    return 0;
}

static sf_count_t tell(void *user) { return ((sound_reader *)user)->position; }

sound_reader *sound_open(const sound_bytes *bytes, int32_t channels, int32_t *rate, int *code) {
    static const SF_VIRTUAL_IO io = {length, seek, read_bytes, write_nothing, tell};
    *code = sound_out_of_memory;
    sound_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return NULL;
    reader->bytes = *bytes;
    reader->piece_begin = bytes->head_count;
    reader->length = (sf_count_t)bytes->head_count;
    for (size_t i = 0; i < bytes->piece_count; i++) reader->length += (sf_count_t)bytes->pieces[i].count;
    reader->levels.whole = 1;
    SF_INFO info;
    memset(&info, 0, sizeof info);
    SF_VIRTUAL_IO callbacks = io;
    reader->file = sf_open_virtual(&callbacks, SFM_READ, &info, reader);
    if (reader->file == NULL) {
        *code = sound_not_begun;
    } else if (info.channels != channels || info.samplerate < 1 || (*rate != 0 && info.samplerate != *rate)) {
        *code = sound_mismatch;
    } else {
        reader->channels = info.channels;
        reader->block = info.channels > 1 ? malloc(sizeof(float) * block_frames * (size_t)info.channels) : NULL;
        if (info.channels == 1 || reader->block != NULL) {
            *rate = info.samplerate;
            *code = sound_ok;
            return reader;
        }
    }
    sound_close(reader);
    return NULL;
}

// Samples are within -1 and 1; a float file may say otherwise, as far as integers of 32 bits go. Denormal numbers become 0: they
// would slow every later step down a hundredfold.
static int check(float *samples, int64_t count, sound_levels *levels) {
    int sound = 1, whole = 1;
    float peak = levels->peak;
    for (int64_t i = 0; i < count; i++) {
        float magnitude = fabsf(samples[i]);
        sound &= magnitude <= 2147483648.0f; // false for NaN
        peak = magnitude > peak ? magnitude : peak;
        whole &= magnitude == truncf(magnitude);
        samples[i] = magnitude < 1e-30f ? 0 : samples[i];
    }
    levels->peak = peak;
    levels->whole &= whole;
    return sound;
}

sound_levels sound_levels_read(const sound_reader *reader) { return reader->levels; }

int64_t sound_read(sound_reader *reader, float *mono, int64_t frames) {
    int64_t done = 0;
    while (done < frames) {
        int64_t wanted = frames - done < block_frames ? frames - done : block_frames;
        float *into = reader->channels == 1 ? mono + done : reader->block;
        sf_count_t got = sf_readf_float(reader->file, into, wanted);
        // An error may come with samples: a decoder of FLAC goes on behind a frame that it lost.
        if (sf_error(reader->file) != SF_ERR_NO_ERROR) return -sound_broken;
        if (got <= 0) break;
        if (got > wanted || !check(into, got * reader->channels, &reader->levels)) return -sound_not_finite;
        if (reader->channels > 1)
            for (sf_count_t frame = 0; frame < got; frame++) {
                const float *channel = reader->block + frame * reader->channels;
                float sum = 0;
                for (int c = 0; c < reader->channels; c++) sum += channel[c];
                mono[done + frame] = sum / (float)reader->channels;
            }
        done += got;
    }
    return done;
}

void sound_close(sound_reader *reader) {
    if (reader == NULL) return;
    if (reader->file != NULL) sf_close(reader->file);
    free(reader->block);
    free(reader);
}

const char *sound_library_version(void) { return sf_version_string(); }

int sound_library_reads(const char *format) {
    int wanted = strcmp(format, "mp3") == 0    ? SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III
                 : strcmp(format, "opus") == 0 ? SF_FORMAT_OGG | SF_FORMAT_OPUS
                 : strcmp(format, "ogg") == 0  ? SF_FORMAT_OGG | SF_FORMAT_VORBIS
                 : strcmp(format, "flac") == 0 ? SF_FORMAT_FLAC | SF_FORMAT_PCM_16
                 : strcmp(format, "wav") == 0  ? SF_FORMAT_WAV | SF_FORMAT_PCM_16
                                               : 0;
    // The library lists what it was built with; formats without their codec are left out.
    int majors = 0, subtypes = 0, found = 0;
    sf_command(NULL, SFC_GET_FORMAT_MAJOR_COUNT, &majors, sizeof majors);
    sf_command(NULL, SFC_GET_FORMAT_SUBTYPE_COUNT, &subtypes, sizeof subtypes);
    for (int i = 0; i < majors; i++) {
        SF_FORMAT_INFO info = {.format = i};
        if (sf_command(NULL, SFC_GET_FORMAT_MAJOR, &info, sizeof info) == 0)
            found |= wanted != 0 && (info.format & SF_FORMAT_TYPEMASK) == (wanted & SF_FORMAT_TYPEMASK);
    }
    for (int i = 0; found && i < subtypes; i++) {
        SF_FORMAT_INFO info = {.format = i};
        if (sf_command(NULL, SFC_GET_FORMAT_SUBTYPE, &info, sizeof info) == 0
            && info.format == (wanted & SF_FORMAT_SUBMASK))
            return 1;
    }
    return 0;
}
