#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "pieces.h"
#include "pixels.h"

typedef struct {
    jmp_buf refused;
    int code;
    codec_message *message;
    pieces *pieces;
    size_t count, offset;
    png_structp png;
    png_infop info;
    uint8_t *pixels; // rows in the file's own channels, where they are not RGB or not complete at once
    strip strip;

    // The chunk being read, and how many more bytes of chunk contents the next row may take. Behind the last row libpng
    // inflates whatever image data is left, up to a thousand times its length: this bounds it.
    size_t content_start, content_end;
    size_t allowance;
} reading;

static _Noreturn void refuse(reading *r, int code, const char *text) {
    snprintf(r->message->text, sizeof r->message->text, "%s", text);
    r->code = code;
    longjmp(r->refused, 1);
}

static void on_error(png_structp png, png_const_charp text) { refuse(png_get_error_ptr(png), codec_corrupt, text); }

// What libpng warns of (pngrutil.c and pngset.c of 1.6, where png_chunk_benign_error, png_warning and png_chunk_warning are called),
// sorted by whether every pixel is as it was meant. Only three chunks reach a pixel. A warning about one of them that is in no
// line refuses; those about others, which are skipped unread, are all alike.
static const char *const all_is_there[] = {
    "IDAT: Extra compressed data",  // bytes behind the compressed stream, which widely used encoders wrote
    "IDAT: Too much image data",    // rows behind the last
    "PLTE: ignored in grayscale PNG",
    "PLTE: invalid",                // a warning only where it suggests colours for an image that has its own; else an error
    "tRNS: duplicate",              // the first counts
    "tRNS: invalid with alpha channel", // the channel counts
    "tRNS chunk has out-of-range samples for bit_depth", // its lower bits count (PNG, third edition, 11.3.2.1)
};
static const char *const chunks_of_pixels[] = {"IDAT", "PLTE", "tRNS"};

// Something is missing: "tRNS: CRC error", "tRNS: invalid", "tRNS: out of place" (the transparency), "IDAT: " with zlib's words,
// such as "incorrect data check" (nobody knows which pixels are wrong).
static void on_warning(png_structp png, png_const_charp text) {
    for (size_t i = 0; i < sizeof all_is_there / sizeof *all_is_there; i++)
        if (strcmp(text, all_is_there[i]) == 0) return;
    for (size_t i = 0; i < sizeof chunks_of_pixels / sizeof *chunks_of_pixels; i++)
        if (strncmp(text, chunks_of_pixels[i], 4) == 0) on_error(png, text);
}

static void take(pieces *from, png_structp png, uint8_t *into, size_t wanted) {
    while (wanted > 0) {
        if (from->count == 0 && !next_piece(from)) png_error(png, "the file ends too early");
        size_t part = wanted < from->count ? wanted : from->count;
        memcpy(into, from->next, part);
        from->next += part;
        from->count -= part;
        into += part;
        wanted -= part;
    }
}

static void read_bytes(png_structp png, png_bytep into, size_t wanted) {
    reading *r = png_get_io_ptr(png);
    if (wanted > r->count - r->offset) png_error(png, "the file ends too early");
    take(r->pieces, png, into, wanted);
    if (r->offset == r->content_end + 4 && wanted == 8) { // behind a checksum: the length and name of the next chunk
        size_t length = (size_t)into[0] << 24 | (size_t)into[1] << 16 | (size_t)into[2] << 8 | into[3];
        r->content_start = r->offset + 8;
        r->content_end = r->content_start + length;
    } else if (r->offset >= r->content_start && r->offset < r->content_end) {
        if (wanted > r->allowance) png_error(png, "there is more image data than the size needs");
        r->allowance -= wanted;
    }
    r->offset += wanted;
}

typedef struct {
    int channels; // of the rows as read: 1 grey or palette index, 2 grey alpha, 3 RGB, 4 RGBA
    int has_palette;
    uint8_t palette[256][3];
} row_format;

static void write_rgb(const row_format *format, const uint8_t *row, uint8_t *rgb, size_t width) {
    switch (format->channels) {
    case 1:
        if (format->has_palette) {
            for (size_t x = 0; x < width; x++, rgb += 3) memcpy(rgb, format->palette[row[x]], 3);
            return;
        }
        for (size_t x = 0; x < width; x++, rgb += 3) rgb[0] = rgb[1] = rgb[2] = row[x];
        return;
    case 2:
        for (size_t x = 0; x < width; x++, row += 2, rgb += 3) rgb[0] = rgb[1] = rgb[2] = over_white(row[0], row[1]);
        return;
    case 3:
        memcpy(rgb, row, width * 3);
        return;
    default:
        rgba_over_white(row, rgb, width);
    }
}

static void read_palette(reading *r, row_format *format) {
    png_colorp colours = NULL;
    png_bytep alphas = NULL;
    int size = 0, alpha_count = 0;
    if (!png_get_PLTE(r->png, r->info, &colours, &size) || size < 1 || size > 256)
        refuse(r, codec_corrupt, "the palette is missing");
    png_get_tRNS(r->png, r->info, &alphas, &alpha_count, NULL);
    format->has_palette = 1;
    // Colours that are not there are black (PNG, third edition, 13.1), as browsers show them.
    memset(format->palette, 0, sizeof format->palette);
    for (int i = 0; i < size; i++) {
        unsigned alpha = alphas != NULL && i < alpha_count ? alphas[i] : 255;
        format->palette[i][0] = over_white(colours[i].red, alpha);
        format->palette[i][1] = over_white(colours[i].green, alpha);
        format->palette[i][2] = over_white(colours[i].blue, alpha);
    }
}

static colours *read_profile(reading *r, int colour) {
    png_charp name = NULL;
    png_bytep profile = NULL;
    png_uint_32 count = 0;
    int compression;
    if (!png_get_iCCP(r->png, r->info, &name, &compression, &profile, &count)) return NULL;
    return colours_begin(profile, count, colour & PNG_COLOR_MASK_COLOR ? stored_as_colours : stored_as_grey);
}

// Everything that may jump, in a frame of its own: no local of the frame that calls setjmp changes in between.
static void decode(reading *r, const codec_png_request *request, const codec_sink *sink) {
    r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, on_error, on_warning);
    if (r->png == NULL) refuse(r, codec_out_of_memory, "out of memory");
    r->info = png_create_info_struct(r->png);
    if (r->info == NULL) refuse(r, codec_out_of_memory, "out of memory");
    png_structp png = r->png;
    png_infop info = r->info;

    png_set_user_limits(png, (png_uint_32)request->width, (png_uint_32)request->height);
    png_set_chunk_cache_max(png, 4);
    png_set_chunk_malloc_max(png, 1 << 20);
    // Compressed text would be inflated: never looked at. tRNS is not of this list and stays. Of a profile libpng inflates as much
    // as the profile says itself, within that limit.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, (png_const_bytep) "iCCP", 1);
    png_set_benign_errors(png, 1); // `on_warning` says which are
    png_set_read_fn(png, r, read_bytes);
    png_read_info(png, info);

    png_uint_32 width, height;
    int depth, colour, interlace;
    png_get_IHDR(png, info, &width, &height, &depth, &colour, &interlace, NULL, NULL);
    if (width != (png_uint_32)request->width || height != (png_uint_32)request->height)
        refuse(r, codec_mismatch, "two different sizes are declared");

    row_format format;
    format.has_palette = 0;
    if (depth == 16) png_set_strip_16(png);
    if (colour == PNG_COLOR_TYPE_PALETTE) {
        read_palette(r, &format);
        png_set_packing(png);
    } else {
        if (depth < 8) png_set_expand_gray_1_2_4_to_8(png);
        if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
    }
    // A row as compressed takes at most its bytes and a little for the blocks; libpng reads ahead by 4 KB.
    size_t stored_bytes = png_get_rowbytes(png, info);
    size_t row_allowance = stored_bytes + stored_bytes / 64 + 8192;
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    format.channels = png_get_channels(png, info);
    if (format.channels < 1 || format.channels > 4
        || png_get_rowbytes(png, info) != (size_t)width * (size_t)format.channels)
        refuse(r, codec_mismatch, "the decoder offers another pixel layout than asked");

    // Rows of an interlaced file are complete only after the last pass; others need one row at a time.
    size_t row_bytes = (size_t)width * (size_t)format.channels, stride = passes > 1 ? row_bytes : 0;
    r->pixels = malloc(passes > 1 ? row_bytes * height : row_bytes);
    if (r->pixels == NULL
        || !strip_begin(&r->strip, sink, request->width, request->height, read_profile(r, colour)))
        refuse(r, codec_out_of_memory, "out of memory");
    for (int pass = 0; pass < passes; pass++)
        for (png_uint_32 y = 0; y < height; y++) {
            uint8_t *row = r->pixels + y * stride;
            r->allowance = row_allowance;
            png_read_row(png, row, NULL);
            if (pass < passes - 1) continue;
            write_rgb(&format, row, strip_row(&r->strip), width);
            strip_advance(&r->strip, 1);
        }
}

int codec_png_decode(
    const codec_source *source, const codec_png_request *request, const codec_sink *sink, codec_message *message) {
    pieces p;
    reading r;
    memset(&r, 0, sizeof r);
    message->text[0] = 0;
    r.message = message;
    first_piece(&p, source);
    r.pieces = &p;
    r.count = source->count;
    r.content_end = 4; // the first chunk begins behind the 8 bytes of the signature
    r.allowance = source->count;
    if (setjmp(r.refused) == 0) decode(&r, request, sink);
    if (r.png != NULL) png_destroy_read_struct(&r.png, &r.info, NULL);
    free(r.pixels);
    strip_free(&r.strip);
    return r.code;
}
