#include "CImageCodecs.h"

#include <stdio.h>
#include <string.h>

#include <png.h>

int codec_png_encode(
    const uint8_t *indices, int32_t width, int32_t height, const uint8_t *palette, uint8_t *bytes, size_t *count,
    codec_message *message) {
    // The simplified interface keeps libpng's jumps to itself.
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    image.format = PNG_FORMAT_RGB_COLORMAP;
    image.colormap_entries = 256;
    png_alloc_size_t size = *count;
    int written = png_image_write_to_memory(&image, bytes, &size, 0, indices, width, palette);
    *count = size;
    if (written) return codec_ok;
    snprintf(message->text, sizeof message->text, "%s", image.message);
    return codec_out_of_memory;
}
