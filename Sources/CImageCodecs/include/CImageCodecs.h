#pragma once

#include <stddef.h>
#include <stdint.h>

// A thin layer over libjpeg-turbo, libpng, libwebp, giflib, libheif and libtiff. The first two report errors by longjmp, which may not cross Swift
// frames; here the jump ends inside C. Every call returns a code and, for a refusal, a message. After a refusal nothing stays allocated.

enum {
    codec_ok = 0,
    codec_corrupt = 1,        // the bytes are damaged, cut, or use what the library cannot read
    codec_too_many_scans = 2, // a progressive JPEG with more scans than allowed
    codec_out_of_memory = 3,  // more working memory would be needed than allowed
    codec_mismatch = 4,       // the library read another size than the caller's header reader
};

typedef struct {
    char text[200]; // always ends in NUL
} codec_message;

/// The bytes of a file: all of them at `bytes`, or, where `read` is there, one piece after the other. It writes the next
/// bytes to `into`, at least one and at most `size` while there are some, and says how many; 0 where none come any more.
typedef struct {
    const uint8_t *bytes;
    size_t count; // of the whole file
    size_t (*read)(void *context, uint8_t *into, size_t size);
    void *context;
} codec_source;

/// Rows that a decoder collects before it hands them over, which makes that cheap.
enum { codec_strip_rows = 64 };

/// Who takes the pixels: `count` rows more, from top to bottom, 8-bit RGB without padding. A decoder that returns codec_ok has
/// handed over every row once, in their order; after a refusal some may have been.
typedef struct {
    void (*take)(void *context, const uint8_t *rows, int32_t count);
    void *context;
} codec_sink;

typedef struct {
    int32_t width, height; // as stored; the caller read them from the header
    int32_t maximum_scans;
    int64_t maximum_memory; // bytes libjpeg may use for whole-image coefficient arrays
} codec_jpeg_request;

/// Decodes to 8-bit RGB: accurate integer DCT, fancy upsampling. Grey is replicated; CMYK and YCCK become RGB, inverted when
/// an Adobe marker is there, by their profile where there is one. A file of which something is missing is refused: see the table of warnings in jpeg.c.
int codec_jpeg_decode(
    const codec_source *source, const codec_jpeg_request *request, const codec_sink *sink, codec_message *message);

typedef struct {
    int32_t width, height; // the caller read them from the header
} codec_png_request;

/// Decodes to 8-bit RGB, transparent parts over white. 16-bit samples lose their low byte. Gamma, text and all other
/// ancillary chunks except tRNS and iCCP are skipped unread. What stands behind the last row is not looked at.
int codec_png_decode(
    const codec_source *source, const codec_png_request *request, const codec_sink *sink, codec_message *message);

typedef struct {
    int32_t width, height; // of the canvas; the caller read them from the header
} codec_webp_request;

/// Decodes to 8-bit RGB the image, or the first frame where there are several, transparent parts over white.
int codec_webp_decode(
    const codec_source *source, const codec_webp_request *request, const codec_sink *sink, codec_message *message);

typedef struct {
    int32_t width, height; // of the screen, or as large as the first image needs; the caller read them from the header
} codec_gif_request;

/// Decodes the first image to 8-bit RGB. What is transparent or beside it is white. Colours beyond the palette are black.
int codec_gif_decode(
    const codec_source *source, const codec_gif_request *request, const codec_sink *sink, codec_message *message);

typedef struct {
    int32_t width, height; // turned and cropped; the caller read them from the header
} codec_heif_request;

/// Decodes the primary image of a HEIC or AVIF file to 8-bit RGB, turned and cropped as its properties say, transparent parts over
/// white. 10 and 12 bits become 8, and PQ and HLG what tones.h says. Nothing that the file has besides is looked at.
int codec_heif_decode(
    const codec_source *source, const codec_heif_request *request, const codec_sink *sink, codec_message *message);

typedef struct {
    int32_t width, height;  // as stored; the caller read them from the header
    int64_t maximum_memory; // bytes that libtiff may ask for at once
} codec_tiff_request;

/// Decodes the first image of a TIFF to 8-bit RGB as libtiff's RGBA interface does, rows as they are stored, transparent parts over
/// white. 16-bit samples are rounded; CMYK becomes RGB by its profile, or is light taken away.
int codec_tiff_decode(
    const codec_source *source, const codec_tiff_request *request, const codec_sink *sink, codec_message *message);

/// Encodes an image of palette indices, one byte each, rows from top to bottom. `palette` holds 256 RGB colours. `bytes` has room
/// for `*count` bytes, which becomes the number written; codec_out_of_memory where they do not suffice.
int codec_png_encode(
    const uint8_t *indices, int32_t width, int32_t height, const uint8_t *palette, uint8_t *bytes, size_t *count,
    codec_message *message);

/// One weighted sum per output position: output i is the sum over t < counts[i] of weights[i * stride + t] times input
/// starts[i] + t, in fixed point with codec_weight_bits fraction bits, rounded and clamped to 0...255.
typedef struct {
    int32_t outputs;
    int32_t stride; // weights per output, zeros behind counts[i]
    const int32_t *starts;
    const int32_t *counts;
    const int32_t *weights;
} codec_weights;

enum { codec_weight_bits = 22 };

/// Resamples every row of an RGB image: input rows of `width` pixels, output rows of weights->outputs pixels.
/// `portable` holds it to plain C where the processor could do more; the result is the same.
void codec_resample_rows(
    const uint8_t *input, int32_t width, int32_t rows, const codec_weights *weights, int portable, uint8_t *output);

/// Adds a row, times `factor`, to the running sums of an output row of codec_resample_columns, which begin at
/// 1 << (codec_weight_bits - 1). Arithmetic is modulo 2^32.
void codec_add_row(uint32_t *sums, const uint8_t *row, size_t row_bytes, int32_t factor);

/// The output row whose sums are complete.
void codec_round_row(const uint32_t *sums, size_t row_bytes, uint8_t *output);

/// Resamples every column: input rows of `row_bytes` bytes, weights->outputs output rows of as many bytes.
void codec_resample_columns(
    const uint8_t *input, size_t row_bytes, const codec_weights *weights, int portable, uint8_t *output);
