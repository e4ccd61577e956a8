#pragma once

#include <stddef.h>
#include <stdint.h>

// Pillow's rounding of (255 * (255 - alpha) + value * alpha) / 255: paste over a white image with alpha as the mask.
static inline uint8_t over_white(unsigned value, unsigned alpha) {
    unsigned t = 255 * (255 - alpha) + value * alpha + 128;
    return (uint8_t)(((t >> 8) + t) >> 8);
}

static inline void rgba_over_white(const uint8_t *rgba, uint8_t *rgb, size_t width) {
    for (size_t x = 0; x < width; x++, rgba += 4, rgb += 3) {
        rgb[0] = over_white(rgba[0], rgba[3]);
        rgb[1] = over_white(rgba[1], rgba[3]);
        rgb[2] = over_white(rgba[2], rgba[3]);
    }
}

static inline uint8_t multiply_255(unsigned a, unsigned b) {
    unsigned t = a * b + 128;
    return (uint8_t)(((t >> 8) + t) >> 8);
}

// Light that inks take away, 255 all of it; the arithmetic is Pillow's.
static inline void inks_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t width) {
    for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned light = 255u - cmyk[3];
        rgb[0] = (uint8_t)(light - multiply_255(cmyk[0], light));
        rgb[1] = (uint8_t)(light - multiply_255(cmyk[1], light));
        rgb[2] = (uint8_t)(light - multiply_255(cmyk[2], light));
    }
}

static inline uint8_t added(unsigned value, unsigned white) {
    unsigned sum = value + white;
    return (uint8_t)(sum > 255 ? 255 : sum);
}

// The same of colours that were multiplied with their alpha already.
static inline void premultiplied_over_white(const uint8_t *rgba, uint8_t *rgb, size_t width) {
    for (size_t x = 0; x < width; x++, rgba += 4, rgb += 3) {
        unsigned white = 255u - rgba[3];
        rgb[0] = added(rgba[0], white);
        rgb[1] = added(rgba[1], white);
        rgb[2] = added(rgba[2], white);
    }
}
