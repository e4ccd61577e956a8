#pragma once

#include "CImageCodecs.h"

#include <stdlib.h>
#include <string.h>

// All bytes of a source at once, for libraries that jump about in a file. What comes as a stream is copied.
typedef struct {
    const uint8_t *bytes;
    size_t count; // less than the source's where no more came
    uint8_t *copy;
} whole_file;

// Returns 0 when there is no memory. `whole_file_free` must follow in any case.
static inline int whole_file_read(whole_file *file, const codec_source *source) {
    memset(file, 0, sizeof *file);
    if (source->read == NULL) {
        file->bytes = source->bytes;
        file->count = source->count;
        return 1;
    }
    file->copy = malloc(source->count > 0 ? source->count : 1);
    if (file->copy == NULL) return 0;
    file->bytes = file->copy;
    while (file->count < source->count) {
        size_t got = source->read(source->context, file->copy + file->count, source->count - file->count);
        if (got == 0) break;
        file->count += got;
    }
    return 1;
}

static inline void whole_file_free(whole_file *file) { free(file->copy); }
