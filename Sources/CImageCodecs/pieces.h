#pragma once

#include "CImageCodecs.h"

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
