#include "CKernels.h"
#include <string.h>

/* IEEE 754 binary16 to binary32, exactly, subnormals, infinities and NaN included. */
static float from_half(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 1023, bits;
  float value;
  if (exponent == 0) {
    value = (float)fraction * 0x1p-24f;
    memcpy(&bits, &value, 4);
    bits |= sign;
  } else {
    bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
  }
  memcpy(&value, &bits, 4);
  return value;
}

static float element_at(const void *source, enum sensorium_element element, ptrdiff_t i) {
  switch (element) {
  case SENSORIUM_F32: {
    float value;
    memcpy(&value, (const char *)source + 4 * i, 4);
    return value;
  }
  case SENSORIUM_F16: {
    uint16_t half;
    memcpy(&half, (const char *)source + 2 * i, 2);
    return from_half(half);
  }
  case SENSORIUM_BF16: {
    uint16_t top;
    memcpy(&top, (const char *)source + 2 * i, 2);
    uint32_t bits = (uint32_t)top << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
  }
  }
  return 0;
}

void sensorium_widen(const void *source, enum sensorium_element element, ptrdiff_t count, float *values) {
  for (ptrdiff_t i = 0; i < count; i++) values[i] = element_at(source, element, i);
}

/* Inputs per block: the source lines of 16 outputs times 16 inputs stay in cache while their panel is written. */
enum { BLOCK = 16 };

void sensorium_pack_f32(const void *source, enum sensorium_element element, ptrdiff_t outputs, ptrdiff_t inputs,
                        float *panels) {
  for (ptrdiff_t o = 0; o < outputs; o += SENSORIUM_PANEL, panels += inputs * SENSORIUM_PANEL)
    for (ptrdiff_t first = 0; first < inputs; first += BLOCK) {
      ptrdiff_t end = first + BLOCK < inputs ? first + BLOCK : inputs;
      for (ptrdiff_t lane = 0; lane < SENSORIUM_PANEL; lane++)
        for (ptrdiff_t i = first; i < end; i++)
          panels[i * SENSORIUM_PANEL + lane] =
              o + lane < outputs ? element_at(source, element, (o + lane) * inputs + i) : 0;
    }
}

void sensorium_pack_16(const void *source, ptrdiff_t outputs, ptrdiff_t inputs, uint16_t *panels) {
  for (ptrdiff_t o = 0; o < outputs; o += SENSORIUM_PANEL, panels += inputs * SENSORIUM_PANEL)
    for (ptrdiff_t first = 0; first < inputs; first += BLOCK) {
      ptrdiff_t end = first + BLOCK < inputs ? first + BLOCK : inputs;
      for (ptrdiff_t lane = 0; lane < SENSORIUM_PANEL; lane++)
        for (ptrdiff_t i = first; i < end; i++) {
          uint16_t bits = 0;
          if (o + lane < outputs) memcpy(&bits, (const char *)source + 2 * ((o + lane) * inputs + i), 2);
          panels[i * SENSORIUM_PANEL + lane] = bits;
        }
    }
}

/* Whether an f32 is exactly a finite f16, and which. */
static bool to_half(uint32_t bits, uint16_t *half) {
  const uint32_t sign = bits >> 16 & 0x8000, fraction = bits & 0x7fffff;
  const int exponent = (int)(bits >> 23 & 255) - 127;
  *half = (uint16_t)sign;
  if (bits << 1 == 0) return true;
  if (exponent < -24 || exponent > 15) return false;
  if (exponent >= -14) {
    *half = (uint16_t)(sign | (uint32_t)(exponent + 15) << 10 | fraction >> 13);
    return (fraction & 0x1fff) == 0;
  }
  const int dropped = -1 - exponent; /* 14 bits for 2^-15 to 23 for 2^-24 */
  const uint32_t whole = fraction | 0x800000;
  *half = (uint16_t)(sign | whole >> dropped);
  return (whole & ((1u << dropped) - 1)) == 0;
}

bool sensorium_pack_exact_f16(const void *source, ptrdiff_t outputs, ptrdiff_t inputs, uint16_t *panels) {
  for (ptrdiff_t o = 0; o < outputs; o += SENSORIUM_PANEL, panels += inputs * SENSORIUM_PANEL)
    for (ptrdiff_t lane = 0; lane < SENSORIUM_PANEL; lane++)
      for (ptrdiff_t i = 0; i < inputs; i++) {
        uint32_t bits = 0;
        if (o + lane < outputs) memcpy(&bits, (const char *)source + 4 * ((o + lane) * inputs + i), 4);
        if (!to_half(bits, &panels[i * SENSORIUM_PANEL + lane])) return false;
      }
  return true;
}
