#pragma once

#include <stddef.h>
#include <stdint.h>

// The way from the light of a bright screen (PQ and HLG of ITU-R BT.2100) to sRGB, which the networks have learned from. White paper, 203
// cd/m² by ITU-R BT.2408, comes out light grey and 1,000 cd/m² white: what is brighter than 92 is compressed by the curve of ITU-R
// BT.2390, the largest of red, green and blue by it and the others with that. HLG is seen on a screen of 1,000 cd/m².
typedef struct tones tones;

// Whether a transfer function, by its number in ITU-T H.273, is one of these.
int tones_are_bright(int transfer);

// NULL when there is no memory. `bits` are those of a sample, 8 to 16; primaries that are not those of BT.709 or P3 count as BT.2020's.
tones *tones_begin(int primaries, int transfer, int bits);

// Pixels of 3 or 4 `channels`, two bytes for each sample of more than eight bits, the lower first. A fourth is kept.
void tones_convert(const tones *t, const uint8_t *samples, uint8_t *narrow, size_t pixels, int channels);

void tones_end(tones *t);
