#pragma once

#include <stddef.h>
#include <stdint.h>

// The way from the colours of an image to those of sRGB, which the networks have learned from.
typedef struct colours colours;

// What an image is stored as. A profile of something else says nothing about it, but that of red, green and blue about grey.
typedef enum { stored_as_colours, stored_as_grey, stored_as_inks } storage;

// NULL where pixels may stay as they are: the profile is of sRGB or nearly, damaged, or of another kind of image.
// `colours_end` must follow otherwise.
colours *colours_begin(const void *profile, size_t count, storage storage);

// The same for an image that names its primaries and transfer function by the numbers of ITU-T H.273.
colours *colours_begin_numbered(int primaries, int transfer);

// Where they are: red, green and blue, which are alike where the image is grey.
void colours_convert(const colours *c, uint8_t *rgb, size_t pixels);

// Of inks, four bytes for each pixel, 255 all of it.
void colours_of_inks(const colours *c, const uint8_t *cmyk, uint8_t *rgb, size_t pixels);

void colours_end(colours *c);
