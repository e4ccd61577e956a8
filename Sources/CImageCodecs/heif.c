#include "CImageCodecs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libheif/heif.h>

#include "pieces.h"
#include "pixels.h"
#include "tones.h"
#include "whole_file.h"

// libheif asks libde265 for a thread beside its own, for each image. A confined process may have none, and libde265 would wait for it
// for ever. The linker gives libheif this function in place of the library's: no thread is started, and libde265 decodes in the
// one that asks. (dav1d has as many threads as it is told processors, which it cannot ask for in a confined process: one.)
int de265_start_worker_threads(void *context, int count);
__attribute__((visibility("default"), used)) int de265_start_worker_threads(void *context, int count) {
    (void)context;
    (void)count;
    return 0;
}

static int refuse(codec_message *message, int code, const char *text) {
    snprintf(message->text, sizeof message->text, "%s", text);
    return code;
}

// libheif's own words name its classes. What they come to, by its kinds of errors:
static int refuse_error(codec_message *message, struct heif_error error) {
    switch (error.code) {
    case heif_error_Memory_allocation_error: return refuse(message, codec_out_of_memory, "out of memory");
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature: return refuse(message, codec_corrupt, "it uses a part of the format that is not read");
    case heif_error_Color_profile_does_not_exist:
    case heif_error_Decoder_plugin_error: return refuse(message, codec_corrupt, "its pixels are damaged");
    default:
        if (error.subcode == heif_suberror_End_of_data) return refuse(message, codec_corrupt, "it ends too early");
        return refuse(message, codec_corrupt, "its boxes are damaged");
    }
}

// How samples become sRGB; neither where they may stay as they are.
typedef struct {
    colours *colours;
    tones *tones;
} conversion;

// Returns 0 when there is no memory.
static int find_conversion(const struct heif_image_handle *handle, int bits, conversion *found) {
    found->colours = NULL;
    found->tones = NULL;
    size_t count = heif_image_handle_get_raw_color_profile_size(handle);
    uint8_t *bytes = count > 0 && count <= 8 << 20 ? malloc(count) : NULL;
    if (bytes != NULL && heif_image_handle_get_raw_color_profile(handle, bytes).code == heif_error_Ok)
        found->colours = colours_begin(bytes, count, stored_as_colours);
    free(bytes);
    struct heif_color_profile_nclx *numbers = NULL;
    if (bytes != NULL || heif_image_handle_get_nclx_color_profile(handle, &numbers).code != heif_error_Ok) return 1;
    int primaries = (int)numbers->color_primaries, transfer = (int)numbers->transfer_characteristics;
    heif_nclx_color_profile_free(numbers);
    if (!tones_are_bright(transfer)) {
        found->colours = colours_begin_numbered(primaries, transfer);
        return 1;
    }
    found->tones = tones_begin(primaries, transfer, bits);
    return found->tones != NULL;
}

// Samples of more than eight bits, two bytes each, the lower first.
static const uint8_t *narrowed(const uint8_t *wide, uint8_t *narrow, size_t samples, int bits) {
    unsigned largest = (1u << bits) - 1;
    for (size_t i = 0; i < samples; i++) {
        unsigned value = wide[2 * i] | (unsigned)wide[2 * i + 1] << 8;
        narrow[i] = (uint8_t)((value * 255 + largest / 2) / largest);
    }
    return narrow;
}

static int hand_over(
    const struct heif_image_handle *handle, const struct heif_image *image, const codec_heif_request *request,
    const codec_sink *sink, codec_message *message) {
    int has_alpha = heif_image_handle_has_alpha_channel(handle);
    int is_premultiplied = has_alpha && heif_image_handle_is_premultiplied_alpha(handle);
    int stride = 0, bits = heif_image_get_bits_per_pixel_range(image, heif_channel_interleaved);
    const uint8_t *plane = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    size_t samples = (size_t)request->width * (has_alpha ? 4 : 3);
    if (plane == NULL || heif_image_get_width(image, heif_channel_interleaved) != request->width
        || heif_image_get_height(image, heif_channel_interleaved) != request->height || bits < 8 || bits > 16
        || stride < 0 || (size_t)stride < samples * (bits > 8 ? 2 : 1))
        return refuse(message, codec_mismatch, "two different sizes are declared");
    conversion conversion;
    int has_memory = find_conversion(handle, bits, &conversion);
    strip strip;
    has_memory = strip_begin(&strip, sink, request->width, request->height, conversion.colours) && has_memory;
    int is_narrowed = bits > 8 || conversion.tones != NULL;
    uint8_t *narrow = is_narrowed ? malloc(samples) : NULL;
    has_memory = has_memory && (!is_narrowed || narrow != NULL);
    for (int y = 0; has_memory && y < request->height; y++) {
        const uint8_t *source = plane + (size_t)y * (size_t)stride;
        if (conversion.tones != NULL) {
            tones_convert(conversion.tones, source, narrow, (size_t)request->width, has_alpha ? 4 : 3);
            source = narrow;
        } else if (bits > 8) {
            source = narrowed(source, narrow, samples, bits);
        }
        uint8_t *row = strip_row(&strip);
        if (!has_alpha) memcpy(row, source, strip.row_bytes);
        else if (is_premultiplied) premultiplied_over_white(source, row, (size_t)request->width);
        else rgba_over_white(source, row, (size_t)request->width);
        strip_advance(&strip, 1);
    }
    free(narrow);
    if (conversion.tones != NULL) tones_end(conversion.tones);
    strip_free(&strip);
    return has_memory ? codec_ok : refuse(message, codec_out_of_memory, "out of memory");
}

static int decode(
    struct heif_context *context, const whole_file *file, const codec_heif_request *request, const codec_sink *sink,
    codec_message *message) {
    heif_context_set_max_decoding_threads(context, 0); // in this thread
    struct heif_error error = heif_context_read_from_memory_without_copy(context, file->bytes, file->count, NULL);
    if (error.code != heif_error_Ok) return refuse_error(message, error);
    struct heif_image_handle *handle = NULL;
    error = heif_context_get_primary_image_handle(context, &handle);
    if (error.code != heif_error_Ok) return refuse_error(message, error);
    int has_alpha = heif_image_handle_has_alpha_channel(handle);
    int code;
    struct heif_image *image = NULL;
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (heif_image_handle_get_width(handle) != request->width
        || heif_image_handle_get_height(handle) != request->height) {
        code = refuse(message, codec_mismatch, "two different sizes are declared");
    } else if (options == NULL) {
        code = refuse(message, codec_out_of_memory, "out of memory");
    } else {
        // libheif's own way from more bits to eight takes twice the memory.
        int is_deep = heif_image_handle_get_luma_bits_per_pixel(handle) > 8;
        enum heif_chroma layout =
            is_deep ? has_alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE
                    : has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
        options->strict_decoding = 1; // what is missing is missing
        error = heif_decode_image(handle, &image, heif_colorspace_RGB, layout, options);
        code = error.code != heif_error_Ok
                   ? refuse_error(message, error)
                   : hand_over(handle, image, request, sink, message);
    }
    if (image != NULL) heif_image_release(image);
    if (options != NULL) heif_decoding_options_free(options);
    heif_image_handle_release(handle);
    return code;
}

int codec_heif_decode(
    const codec_source *source, const codec_heif_request *request, const codec_sink *sink, codec_message *message) {
    message->text[0] = 0;
    whole_file file;
    struct heif_context *context = NULL;
    int code = codec_out_of_memory;
    if (whole_file_read(&file, source) && (context = heif_context_alloc()) != NULL)
        code = decode(context, &file, request, sink, message);
    if (context != NULL) heif_context_free(context);
    whole_file_free(&file);
    return code;
}
