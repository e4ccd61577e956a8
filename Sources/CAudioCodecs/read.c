#include "CAudioCodecs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sndfile.h>

enum { block_frames = 2048 };

struct sound_reader {
    sound_bytes bytes;
    sf_count_t position;
    SNDFILE *file;
    int channels;
    float *block; // block_frames * channels, where there are several
};

static sf_count_t length(void *user) {
    const sound_reader *reader = user;
    return (sf_count_t)(reader->bytes.head_count + reader->bytes.count);
}

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
    size_t from = (size_t)reader->position, count = (size_t)wanted, head = reader->bytes.head_count, first = 0;
    if (from < head) {
        first = count < head - from ? count : head - from;
        memcpy(into, reader->bytes.head + from, first);
    }
    if (count > first) memcpy((uint8_t *)into + first, reader->bytes.bytes + (from + first - head), count - first);
    reader->position += wanted;
    return wanted;
}

static sf_count_t write_nothing(const void *from, sf_count_t count, void *user) {
    (void)from, (void)count, (void)user;
    return 0;
}

static sf_count_t tell(void *user) { return ((sound_reader *)user)->position; }

static void say(sound_message *message, const char *text) { snprintf(message->text, sizeof message->text, "%s", text); }

sound_reader *sound_open(const sound_bytes *bytes, int32_t channels, int32_t *rate, int *code, sound_message *message) {
    static const SF_VIRTUAL_IO io = {length, seek, read_bytes, write_nothing, tell};
    message->text[0] = 0;
    *code = sound_out_of_memory;
    sound_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return NULL;
    reader->bytes = *bytes;
    SF_INFO info;
    memset(&info, 0, sizeof info);
    SF_VIRTUAL_IO callbacks = io;
    reader->file = sf_open_virtual(&callbacks, SFM_READ, &info, reader);
    if (reader->file == NULL) {
        *code = sound_corrupt;
        say(message, sf_strerror(NULL));
    } else if (info.channels != channels || info.samplerate < 1 || (*rate != 0 && info.samplerate != *rate)) {
        *code = sound_mismatch;
        say(message, "channels or rates are declared twice, differently");
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

// Samples are within -1 and 1; a float file may say otherwise, within reason. Denormal numbers become 0: they would slow every
// later step down a hundredfold.
static int check(float *samples, int64_t count) {
    int sound = 1;
    for (int64_t i = 0; i < count; i++) {
        float magnitude = fabsf(samples[i]);
        sound &= magnitude <= 65536; // false for NaN
        samples[i] = magnitude < 1e-30f ? 0 : samples[i];
    }
    return sound;
}

int64_t sound_read(sound_reader *reader, float *mono, int64_t frames, sound_message *message) {
    int64_t done = 0;
    while (done < frames) {
        int64_t wanted = frames - done < block_frames ? frames - done : block_frames;
        float *into = reader->channels == 1 ? mono + done : reader->block;
        sf_count_t got = sf_readf_float(reader->file, into, wanted);
        if (got <= 0) {
            if (sf_error(reader->file) == SF_ERR_NO_ERROR) break;
            say(message, sf_strerror(reader->file));
            return -sound_corrupt;
        }
        if (got > wanted || !check(into, got * reader->channels)) return -sound_not_finite;
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
