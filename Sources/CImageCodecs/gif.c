#include "CImageCodecs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "pieces.h"
#include "pixels.h"

typedef struct {
    pieces pieces;
    int in_pixels;      // the compressed data has begun: blocks, each behind a byte with its length
    size_t block_left;  // of the block being read
    int transparent;    // the index that shows what is below, -1 for none
    uint8_t *indices;   // of the frame, a byte each
    strip strip;
} reading;

static size_t take(reading *r, uint8_t *into, size_t wanted) {
    size_t got = 0;
    while (got < wanted) {
        if (r->pieces.count == 0 && !next_piece(&r->pieces)) break;
        size_t part = wanted - got < r->pieces.count ? wanted - got : r->pieces.count;
        memcpy(into + got, r->pieces.next, part);
        r->pieces.next += part;
        r->pieces.count -= part;
        got += part;
    }
    return got;
}

// A file may end behind the last block of pixels, without the empty block and the trailer: giflib wants to see the former.
static int read_bytes(GifFileType *gif, GifByteType *into, int wanted) {
    reading *r = gif->UserData;
    if (wanted <= 0) return 0;
    size_t got = take(r, into, (size_t)wanted);
    if (!r->in_pixels) return (int)got;
    if (r->block_left > 0) {
        r->block_left -= got < r->block_left ? got : r->block_left;
    } else if (wanted == 1) {
        if (got == 0) into[0] = 0;
        r->block_left = into[0];
        return 1;
    }
    return (int)got;
}

static int refuse(codec_message *message, int code, const char *text) {
    snprintf(message->text, sizeof message->text, "%s", text);
    return code;
}

static int refuse_error(codec_message *message, int error) {
    switch (error) {
    case D_GIF_ERR_NOT_ENOUGH_MEM: return refuse(message, codec_out_of_memory, "out of memory");
    case D_GIF_ERR_READ_FAILED:
    case D_GIF_ERR_EOF_TOO_SOON: return refuse(message, codec_corrupt, "it ends too early");
    case D_GIF_ERR_NO_IMAG_DSCR:
    case D_GIF_ERR_WRONG_RECORD: return refuse(message, codec_corrupt, "it has no image");
    default: return refuse(message, codec_corrupt, "its pixels are damaged");
    }
}

// Goes to the first image and notes the transparency that was declared for it. Returns 0 with the error in `gif`.
static int find_image(GifFileType *gif, reading *r) {
    for (;;) {
        GifRecordType type;
        if (DGifGetRecordType(gif, &type) == GIF_ERROR) return 0;
        if (type == IMAGE_DESC_RECORD_TYPE) return 1;
        if (type != EXTENSION_RECORD_TYPE) {
            gif->Error = D_GIF_ERR_NO_IMAG_DSCR;
            return 0;
        }
        int function;
        GifByteType *block;
        if (DGifGetExtension(gif, &function, &block) == GIF_ERROR) return 0;
        while (block != NULL) {
            GraphicsControlBlock control;
            if (function == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
                r->transparent = control.TransparentColor;
            if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return 0;
        }
    }
}

static int read_indices(GifFileType *gif, reading *r, int width, int height) {
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    r->in_pixels = 1;
    for (int pass = 0; pass < (gif->Image.Interlace ? 4 : 1); pass++) {
        int step = gif->Image.Interlace ? steps[pass] : 1;
        for (int y = gif->Image.Interlace ? starts[pass] : 0; y < height; y += step)
            if (DGifGetLine(gif, r->indices + (size_t)y * (size_t)width, width) == GIF_ERROR) return 0;
    }
    return 1;
}

static void hand_over(const GifFileType *gif, reading *r, const codec_gif_request *request) {
    const ColorMapObject *map = gif->Image.ColorMap != NULL ? gif->Image.ColorMap : gif->SColorMap;
    // Colours that are not there are black.
    uint8_t palette[256][3] = {{0}};
    for (int i = 0; i < map->ColorCount && i < 256; i++) {
        palette[i][0] = map->Colors[i].Red;
        palette[i][1] = map->Colors[i].Green;
        palette[i][2] = map->Colors[i].Blue;
    }
    if (r->transparent >= 0 && r->transparent < 256) memset(palette[r->transparent], 255, 3);
    const GifImageDesc *frame = &gif->Image;
    for (int y = 0; y < request->height; y++) {
        uint8_t *row = strip_row(&r->strip);
        int inside = y - frame->Top;
        if (frame->Width < request->width || inside < 0 || inside >= frame->Height) memset(row, 255, r->strip.row_bytes);
        if (inside >= 0 && inside < frame->Height) {
            const uint8_t *index = r->indices + (size_t)inside * (size_t)frame->Width;
            uint8_t *target = row + (size_t)frame->Left * 3;
            for (int x = 0; x < frame->Width; x++, target += 3) memcpy(target, palette[index[x]], 3);
        }
        strip_advance(&r->strip, 1);
    }
}

static int decode(
    GifFileType *gif, reading *r, const codec_gif_request *request, const codec_sink *sink, codec_message *message) {
    if (!find_image(gif, r) || DGifGetImageDesc(gif) == GIF_ERROR) return refuse_error(message, gif->Error);
    const GifImageDesc *frame = &gif->Image;
    // Numbers of 16 bits each. The picture is as large as the screen, or as its first frame makes it.
    int right = frame->Left + frame->Width, bottom = frame->Top + frame->Height;
    int width = right > gif->SWidth ? right : gif->SWidth, height = bottom > gif->SHeight ? bottom : gif->SHeight;
    if (width != request->width || height != request->height)
        return refuse(message, codec_mismatch, "two different sizes are declared");
    if (frame->Width < 1 || frame->Height < 1) return refuse(message, codec_corrupt, "its first frame has no pixels");
    if (gif->Image.ColorMap == NULL && gif->SColorMap == NULL)
        return refuse(message, codec_corrupt, "the palette is missing");
    r->indices = malloc((size_t)frame->Width * (size_t)frame->Height);
    if (r->indices == NULL || !strip_begin(&r->strip, sink, width, height, NULL))
        return refuse(message, codec_out_of_memory, "out of memory");
    if (!read_indices(gif, r, frame->Width, frame->Height)) return refuse_error(message, gif->Error);
    hand_over(gif, r, request);
    return codec_ok;
}

int codec_gif_decode(
    const codec_source *source, const codec_gif_request *request, const codec_sink *sink, codec_message *message) {
    reading r;
    memset(&r, 0, sizeof r);
    message->text[0] = 0;
    r.transparent = -1;
    first_piece(&r.pieces, source);
    int error = 0;
    GifFileType *gif = DGifOpen(&r, read_bytes, &error);
    if (gif == NULL) return refuse_error(message, error);
    int code = decode(gif, &r, request, sink, message);
    DGifCloseFile(gif, &error);
    free(r.indices);
    strip_free(&r.strip);
    return code;
}
