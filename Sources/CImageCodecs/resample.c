#include "CImageCodecs.h"

#include <stdlib.h>
#include <string.h>

static inline uint8_t clamp(int32_t sum) {
    int32_t value = sum >> codec_weight_bits;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

int codec_resample_rows(
    const uint8_t *input, int32_t width, int32_t rows, const codec_weights *weights, uint8_t *output) {
    for (int32_t y = 0; y < rows; y++) {
        const uint8_t *line = input + (size_t)y * (size_t)width * 3;
        for (int32_t x = 0; x < weights->outputs; x++, output += 3) {
            const int32_t *weight = weights->weights + (size_t)x * (size_t)weights->stride;
            const uint8_t *pixel = line + (size_t)weights->starts[x] * 3;
            int32_t half = 1 << (codec_weight_bits - 1), red = half, green = half, blue = half;
            for (int32_t t = 0; t < weights->counts[x]; t++, pixel += 3) {
                red += pixel[0] * weight[t];
                green += pixel[1] * weight[t];
                blue += pixel[2] * weight[t];
            }
            output[0] = clamp(red);
            output[1] = clamp(green);
            output[2] = clamp(blue);
        }
    }
    return codec_ok;
}

int codec_resample_columns(const uint8_t *input, size_t row_bytes, const codec_weights *weights, uint8_t *output) {
    int32_t *sums = malloc(row_bytes * sizeof(int32_t));
    if (sums == NULL) return codec_out_of_memory;
    for (int32_t y = 0; y < weights->outputs; y++, output += row_bytes) {
        const int32_t *weight = weights->weights + (size_t)y * (size_t)weights->stride;
        const uint8_t *line = input + (size_t)weights->starts[y] * row_bytes;
        for (size_t i = 0; i < row_bytes; i++) sums[i] = 1 << (codec_weight_bits - 1);
        for (int32_t t = 0; t < weights->counts[y]; t++, line += row_bytes)
            for (size_t i = 0; i < row_bytes; i++) sums[i] += line[i] * weight[t];
        for (size_t i = 0; i < row_bytes; i++) output[i] = clamp(sums[i]);
    }
    free(sums);
    return codec_ok;
}
