#pragma once

#include <stddef.h>
#include <stdint.h>

// The way from the colours of an image to those of sRGB, which the networks have learned from.
typedef struct colours colours;

// NULL where pixels may stay as they are: the profile is of sRGB or nearly, damaged, or not one of red, green and blue.
// `colours_end` must follow otherwise.
colours *colours_begin(const void *profile, size_t count);

// The same for an image that names its primaries and transfer function by the numbers of ITU-T H.273.
colours *colours_begin_numbered(int primaries, int transfer);

void colours_convert(const colours *c, uint8_t *rgb, size_t pixels);

void colours_end(colours *c);
