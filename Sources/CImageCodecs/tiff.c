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

static int on_error(TIFF *tiff, void *context, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    reading *r = context;
    // The first says most.
    if (r->message->text[0] == 0) vsnprintf(r->message->text, sizeof r->message->text, format, arguments);
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

static colours *profile(TIFF *tiff, const TIFFRGBAImage *image) {
    uint32_t count = 0;
    void *bytes = NULL;
    int is_colour = image->photometric == PHOTOMETRIC_RGB || image->photometric == PHOTOMETRIC_PALETTE
                    || image->photometric == PHOTOMETRIC_YCBCR;
    if (!is_colour || !TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &count, &bytes)) return NULL;
    return colours_begin(bytes, count);
}

static int decode(TIFF *tiff, reading *r, const codec_tiff_request *request, const codec_sink *sink) {
    TIFFRGBAImage image;
    char why[1024] = "";
    if (!TIFFRGBAImageOK(tiff, why) || !TIFFRGBAImageBegin(&image, tiff, 1, why))
        return refuse(r->message, codec_corrupt, why);
    int code = codec_ok;
    uint32_t *pixels = NULL;
    strip strip;
    memset(&strip, 0, sizeof strip);
    size_t width = image.width, height = image.height;
    if (image.width != (uint32_t)request->width || image.height != (uint32_t)request->height) {
        code = refuse(r->message, codec_mismatch, "two different sizes are declared");
    } else if ((pixels = malloc(width * height * 4)) == NULL
               || !strip_begin(&strip, sink, request->width, request->height, profile(tiff, &image))) {
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
    }
    if (options != NULL) TIFFOpenOptionsFree(options);
    whole_file_free(&r.file);
    return code;
}
