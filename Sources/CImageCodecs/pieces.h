#pragma once

#include "CImageCodecs.h"

#include <stdlib.h>

#include "colours.h"

// The bytes of a source, a piece after the other. A file in memory is one piece, and nothing of it is copied.
typedef struct {
    const codec_source *source;
    const uint8_t *next; // what is left of the piece
    size_t count;
    uint8_t buffer[1 << 16];
} pieces;

static inline void first_piece(pieces *p, const codec_source *source) {
    p->source = source;
    p->next = source->bytes;
    p->count = source->read == NULL ? source->count : 0;
}

// Returns 0 where no byte follows.
static inline int next_piece(pieces *p) {
    const codec_source *source = p->source;
    p->next = p->buffer;
    p->count = source->read == NULL ? 0 : source->read(source->context, p->buffer, sizeof p->buffer);
    return p->count > 0;
}

// Rows on their way to a sink, as many at once as makes handing them over cheap.
typedef struct {
    const codec_sink *sink;
    uint8_t *rows;
    size_t row_bytes;
    int32_t count, left; // rows that wait, and rows of the image that are not here yet
    colours *colours;    // by which they are converted before they go; may be NULL
} strip;

// Returns 0 when there is no memory. `strip_free` must follow in any case.
// `colours` becomes the strip's.
static inline int strip_begin(
    strip *s, const codec_sink *sink, int32_t width, int32_t height, colours *colours) {
    s->colours = colours;
    s->sink = sink;
    s->row_bytes = (size_t)width * 3;
    s->count = 0;
    s->left = height;
    s->rows = malloc(s->row_bytes * codec_strip_rows);
    return s->rows != NULL;
}

// Where the next row is to be written, of which there must be some left.
static inline uint8_t *strip_row(strip *s) { return s->rows + (size_t)s->count * s->row_bytes; }

// The next `count` rows are written; no more than the strip has room for.
static inline void strip_advance(strip *s, int32_t count) {
    s->count += count;
    s->left -= count;
    // libjpeg is given room for 4 rows at once.
    if (s->count + 4 <= codec_strip_rows && s->left > 0) return;
    if (s->colours != NULL) colours_convert(s->colours, s->rows, (size_t)s->count * s->row_bytes / 3);
    s->sink->take(s->sink->context, s->rows, s->count);
    s->count = 0;
}

static inline void strip_free(strip *s) {
    if (s->colours != NULL) colours_end(s->colours);
    free(s->rows);
}
