#include "CImageCodecs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "pieces.h"
#include "pixels.h"
#include "whole_file.h"

typedef struct {
    whole_file file;
    toff_t offset;
    codec_message *message;
    int has_warned; // a warning that means that something is missing
    int needs_more; // memory, than it may have
} reading;

static tmsize_t read_bytes(thandle_t handle, void *into, tmsize_t wanted) {
    reading *r = (reading *)handle;
    if (wanted < 0 || r->offset >= r->file.count) return 0;
    size_t left = r->file.count - (size_t)r->offset, part = (size_t)wanted < left ? (size_t)wanted : left;
    memcpy(into, r->file.bytes + r->offset, part);
    r->offset += part;
    return (tmsize_t)part;
}

static tmsize_t write_nothing(thandle_t handle, void *from, tmsize_t count) {
    (void)handle, (void)from, (void)count;
    return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    reading *r = (reading *)handle;
    switch (whence) {
    case SEEK_SET: r->offset = offset; break;
    case SEEK_CUR: r->offset += offset; break;
    default: r->offset = r->file.count + offset;
    }
    return r->offset;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size(thandle_t handle) { return ((reading *)handle)->file.count; }

static int map(thandle_t handle, void **base, toff_t *length) {
    reading *r = (reading *)handle;
    // libtiff reads through it, and writes nothing: the file is opened for reading.
    *base = (void *)(uintptr_t)r->file.bytes;
    *length = r->file.count;
    return 1;
}

static void unmap(thandle_t handle, void *base, toff_t length) { (void)handle, (void)base, (void)length; }

// libtiff's words name its functions and places, and count with numbers that have wrapped. What they come to:
static const struct {
    const char *words, *reason;
} errors[] = {
    {"Read error", "it ends too early"},
    {"Seek error", "it ends too early"},
    {"IO error", "it ends too early"},
    {"Can not read", "it ends too early"},
    {"Cannot read", "it ends too early"},
    // libtiff's own words of a codec that it was built without, or that there is none of: "LERC compression support is not
    // configured", "Compression scheme 9 strip decoding is not implemented" (tif_codec.c, tif_compress.c).
    {"is not configured", "its compression is not read"},
    {"is not implemented", "its compression is not read"},
    {"Memory allocation", "out of memory"},
    {"Out of memory", "out of memory"},
    {"No space", "out of memory"},
};

static int on_error(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    reading *r = context;
    // The first says most.
    if (r->message->text[0] != 0) return 1;
    char text[200];
    vsnprintf(text, sizeof text, format, arguments);
    const char *reason = "its directory or its pixels are damaged";
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strstr(text, errors[i].words) != NULL) {
            reason = errors[i].reason;
            r->needs_more = strcmp(reason, "out of memory") == 0;
            break;
        }
    snprintf(r->message->text, sizeof r->message->text, "%s", reason);
    return 1;
}

// libtiff passes on as warnings what libjpeg warns of in a strip, which it paints grey. Its own warnings are about tags.
static int on_warning(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    reading *r = context;
    if (module == NULL || strncmp(module, "JPEGLib", 7) != 0) return 1;
    char text[sizeof r->message->text];
    vsnprintf(text, sizeof text, format, arguments);
    if (strstr(text, "extraneous bytes") != NULL) return 1; // as in jpeg.c
    if (r->message->text[0] == 0) memcpy(r->message->text, text, sizeof text);
    r->has_warned = 1;
    return 1;
}

static int refuse(codec_message *message, int code, const char *text) {
    snprintf(message->text, sizeof message->text, "%s", text);
    return code;
}

static colours *profile(TIFF *tiff, uint16_t photometric) {
    uint32_t count = 0;
    void *bytes = NULL;
    if (!TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &count, &bytes)) return NULL;
    switch (photometric) {
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_PALETTE:
    case PHOTOMETRIC_YCBCR: return colours_begin(bytes, count, stored_as_colours);
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE: return colours_begin(bytes, count, stored_as_grey);
    case PHOTOMETRIC_SEPARATED: return colours_begin(bytes, count, stored_as_inks);
    default: return NULL; // libtiff's own way to colours
    }
}

// How an image of inks is stored.
typedef struct {
    uint32_t width, height;
    uint16_t bytes, samples; // of a sample, of a pixel
    int is_separate;         // each ink by itself
    int is_tiled;
    uint32_t tile_width, tile_height; // a strip is a tile as wide as the image
    tmsize_t tile_bytes;
} ink_layout;

static int find_layout(TIFF *tiff, reading *r, const codec_tiff_request *request, ink_layout *l) {
    uint16_t bits = 0, inks = 0, planes = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_IMAGEWIDTH, &l->width);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_IMAGELENGTH, &l->height);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &l->samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &inks);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planes);
    if (l->width != (uint32_t)request->width || l->height != (uint32_t)request->height)
        return refuse(r->message, codec_mismatch, "two different sizes are declared");
    if (inks != INKSET_CMYK || l->samples < 4)
        return refuse(r->message, codec_corrupt, "its inks are others than cyan, magenta, yellow and black");
    if (bits != 8 && bits != 16)
        return refuse(r->message, codec_corrupt, "its inks have neither 8 nor 16 bits");
    l->bytes = bits / 8;
    l->is_separate = planes == PLANARCONFIG_SEPARATE;
    l->is_tiled = TIFFIsTiled(tiff);
    l->tile_width = l->width;
    if (l->is_tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &l->tile_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &l->tile_height);
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &l->tile_height);
        if (l->tile_height > l->height) l->tile_height = l->height;
    }
    l->tile_bytes = l->is_tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
    uint64_t least = (uint64_t)l->tile_width * l->tile_height * (l->is_separate ? 1 : l->samples) * l->bytes;
    if (least == 0 || l->tile_bytes <= 0 || least > (uint64_t)l->tile_bytes)
        return refuse(r->message, codec_corrupt, "its strips have no size");
    if (l->tile_bytes > request->maximum_memory) return refuse(r->message, codec_out_of_memory, "out of memory");
    return codec_ok;
}

// Copies what lies in the image of a tile, of one ink or of all of them, to inks of one byte each, four a pixel.
static void place_tile(const ink_layout *l, const uint8_t *tile, uint32_t left, uint32_t top, int ink, uint8_t *cmyk) {
    size_t step = l->is_separate ? 1 : l->samples, count = l->is_separate ? 1 : 4;
    uint32_t width = l->width - left < l->tile_width ? l->width - left : l->tile_width;
    uint32_t height = l->height - top < l->tile_height ? l->height - top : l->tile_height;
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = tile + y * l->tile_width * step * l->bytes;
        uint8_t *to = cmyk + ((top + y) * l->width + left) * 4 + ink;
        for (size_t x = 0; x < width; x++, row += step * l->bytes, to += 4)
            for (size_t c = 0; c < count; c++) {
                uint16_t wide;
                if (l->bytes == 1) {
                    to[c] = row[c];
                } else {
                    memcpy(&wide, row + 2 * c, 2);
                    to[c] = (uint8_t)((wide + 128) / 257);
                }
            }
    }
}

// libtiff's RGBA interface knows inks of eight bits alone, and no profile. This gives them as they are stored.
static int read_inks(TIFF *tiff, reading *r, const ink_layout *l, uint8_t *cmyk) {
    uint8_t *tile = malloc((size_t)l->tile_bytes);
    if (tile == NULL) return refuse(r->message, codec_out_of_memory, "out of memory");
    int code = codec_ok;
    for (int ink = 0; ink < (l->is_separate ? 4 : 1); ink++)
        for (uint32_t top = 0; code == codec_ok && top < l->height; top += l->tile_height)
            for (uint32_t left = 0; code == codec_ok && left < l->width; left += l->tile_width) {
                // The last strip ends with the image, and tiles reach over it.
                uint32_t rows = l->is_tiled || l->height - top > l->tile_height ? l->tile_height : l->height - top;
                tmsize_t needed = l->tile_bytes / l->tile_height * rows, got;
                uint16_t plane = (uint16_t)ink;
                if (l->is_tiled)
                    got = TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, left, top, 0, plane), tile, l->tile_bytes);
                else got = TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, top, plane), tile, l->tile_bytes);
                if (got >= needed && !r->has_warned) place_tile(l, tile, left, top, ink, cmyk);
                else code = codec_corrupt;
            }
    free(tile);
    if (code != codec_ok && r->message->text[0] == 0) refuse(r->message, code, "its pixels are damaged");
    return code;
}

static int decode_inks(TIFF *tiff, reading *r, const codec_tiff_request *request, const codec_sink *sink) {
    ink_layout layout;
    memset(&layout, 0, sizeof layout);
    int code = find_layout(tiff, r, request, &layout);
    if (code != codec_ok) return code;
    size_t width = layout.width, height = layout.height;
    colours *colours = profile(tiff, PHOTOMETRIC_SEPARATED);
    uint8_t *cmyk = malloc(width * height * 4);
    strip strip;
    memset(&strip, 0, sizeof strip);
    if (cmyk == NULL || !strip_begin(&strip, sink, request->width, request->height, NULL))
        code = refuse(r->message, codec_out_of_memory, "out of memory");
    else code = read_inks(tiff, r, &layout, cmyk);
    for (size_t y = 0; code == codec_ok && y < height; y++) {
        const uint8_t *row = cmyk + y * width * 4;
        if (colours != NULL) colours_of_inks(colours, row, strip_row(&strip), width);
        else inks_to_rgb(row, strip_row(&strip), width);
        strip_advance(&strip, 1);
    }
    if (colours != NULL) colours_end(colours);
    strip_free(&strip);
    free(cmyk);
    return code;
}

static int decode_colours(TIFF *tiff, reading *r, const codec_tiff_request *request, const codec_sink *sink) {
    TIFFRGBAImage image;
    char why[1024] = "";
    if (!TIFFRGBAImageOK(tiff, why) || !TIFFRGBAImageBegin(&image, tiff, 1, why))
        return r->message->text[0] != 0 ? codec_corrupt
                                        : refuse(r->message, codec_corrupt, "its samples are stored in a way that is not read");
    int code = codec_ok;
    uint32_t *pixels = NULL;
    strip strip;
    memset(&strip, 0, sizeof strip);
    size_t width = image.width, height = image.height;
    if (image.width != (uint32_t)request->width || image.height != (uint32_t)request->height) {
        code = refuse(r->message, codec_mismatch, "two different sizes are declared");
    } else if ((pixels = malloc(width * height * 4)) == NULL
               || !strip_begin(&strip, sink, request->width, request->height, profile(tiff, image.photometric))) {
        code = refuse(r->message, codec_out_of_memory, "out of memory");
    } else {
        image.req_orientation = image.orientation; // rows as they are stored
        if (!TIFFRGBAImageGet(&image, pixels, image.width, image.height) || r->has_warned) {
            code = codec_corrupt;
            if (r->message->text[0] == 0) refuse(r->message, code, "its pixels are damaged");
        }
    }
    for (size_t y = 0; code == codec_ok && y < height; y++) {
        uint8_t *row = strip_row(&strip);
        for (size_t x = 0; x < width; x++) {
            uint32_t pixel = pixels[y * width + x];
            // Alpha is in the colours already.
            unsigned white = image.alpha != 0 ? 255 - TIFFGetA(pixel) : 0;
            row[x * 3] = added(TIFFGetR(pixel), white);
            row[x * 3 + 1] = added(TIFFGetG(pixel), white);
            row[x * 3 + 2] = added(TIFFGetB(pixel), white);
        }
        strip_advance(&strip, 1);
    }
    strip_free(&strip);
    free(pixels);
    TIFFRGBAImageEnd(&image);
    return code;
}

static int decode(TIFF *tiff, reading *r, const codec_tiff_request *request, const codec_sink *sink) {
    uint16_t photometric = 0;
    int is_ink = TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) && photometric == PHOTOMETRIC_SEPARATED;
    return is_ink ? decode_inks(tiff, r, request, sink) : decode_colours(tiff, r, request, sink);
}

int codec_tiff_decode(
    const codec_source *source, const codec_tiff_request *request, const codec_sink *sink, codec_message *message) {
    reading r;
    memset(&r, 0, sizeof r);
    message->text[0] = 0;
    r.message = message;
    TIFFOpenOptions *options = NULL;
    TIFF *tiff = NULL;
    int code = codec_out_of_memory;
    if (whole_file_read(&r.file, source) && (options = TIFFOpenOptionsAlloc()) != NULL) {
        TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)request->maximum_memory);
        TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, &r);
        TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, &r);
        tiff = TIFFClientOpenExt(
            "", "r", (thandle_t)&r, read_bytes, write_nothing, seek, close_nothing, size, map, unmap, options);
        code = tiff == NULL ? codec_corrupt : decode(tiff, &r, request, sink);
        if (tiff != NULL) TIFFClose(tiff);
        else if (message->text[0] == 0) refuse(message, code, "its directory is damaged");
        if (code != codec_ok && r.needs_more) code = codec_out_of_memory;
    }
    if (options != NULL) TIFFOpenOptionsFree(options);
    whole_file_free(&r.file);
    return code;
}
