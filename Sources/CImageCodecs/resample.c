#include "CImageCodecs.h"

#include <stdlib.h>
#include <string.h>

// Sums wrap like the hardware's: unsigned here, so that the language agrees. With weights that add up to 1 they never do.
static const uint32_t half = UINT32_C(1) << (codec_weight_bits - 1);

static inline uint8_t rounded(uint32_t sum) {
    int32_t value = (int32_t)sum >> codec_weight_bits;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline __attribute__((always_inline)) void add_row(
    uint32_t *sums, const uint8_t *row, size_t count, int32_t factor) {
    for (size_t i = 0; i < count; i++) sums[i] += row[i] * (uint32_t)factor;
}

static void resample_rows(
    const uint8_t *input, int32_t width, int32_t rows, const codec_weights *weights, uint8_t *output) {
    for (int32_t y = 0; y < rows; y++) {
        const uint8_t *line = input + (size_t)y * (size_t)width * 3;
        for (int32_t x = 0; x < weights->outputs; x++, output += 3) {
            const int32_t *weight = weights->weights + (size_t)x * (size_t)weights->stride;
            const uint8_t *pixel = line + (size_t)weights->starts[x] * 3;
            uint32_t red = half, green = half, blue = half;
            for (int32_t t = 0; t < weights->counts[x]; t++, pixel += 3) {
                red += pixel[0] * (uint32_t)weight[t];
                green += pixel[1] * (uint32_t)weight[t];
                blue += pixel[2] * (uint32_t)weight[t];
            }
            output[0] = rounded(red);
            output[1] = rounded(green);
            output[2] = rounded(blue);
        }
    }
}

// A strip of columns at a time, so that the sums stay in the nearest cache. Plain loops: the compiler vectorises them for
// each instruction set this is inlined into.
static inline __attribute__((always_inline)) void resample_columns(
    const uint8_t *input, size_t row_bytes, const codec_weights *weights, uint8_t *output) {
    enum { strip = 1024 };
    uint32_t sums[strip];
    for (size_t left = 0; left < row_bytes; left += strip) {
        size_t count = row_bytes - left < strip ? row_bytes - left : strip;
        for (int32_t y = 0; y < weights->outputs; y++) {
            const int32_t *weight = weights->weights + (size_t)y * (size_t)weights->stride;
            const uint8_t *line = input + (size_t)weights->starts[y] * row_bytes + left;
            uint8_t *target = output + (size_t)y * row_bytes + left;
            for (size_t i = 0; i < count; i++) sums[i] = half;
            for (int32_t t = 0; t < weights->counts[y]; t++, line += row_bytes) {
                uint32_t factor = (uint32_t)weight[t];
                for (size_t i = 0; i < count; i++) sums[i] += line[i] * factor;
            }
            for (size_t i = 0; i < count; i++) target[i] = rounded(sums[i]);
        }
    }
}

#if defined(__x86_64__)

#include <immintrin.h>

// vpmaddwd multiplies 16-bit numbers and adds neighbours: twice the work of a 32-bit multiplication in half the time.
// So a weight is cut in two, weight = high * 2^12 + low with 0 <= low < 2^12, both sums are made, and put together at the
// end: exact, whatever wraps in between, because all of it is arithmetic modulo 2^32.
enum { low_bits = 12 };

typedef struct {
    __m256i high, low; // of 4 taps: two for the red, green, blue and unused sums of the lower half, two for the upper
} four_taps;

// Returns 0 when a weight does not fit 16 bits cut in two, which no filter whose weights add up to 1 has.
__attribute__((target("avx2"))) static int pack_weights(
    const codec_weights *weights, int32_t groups, four_taps *packed) {
    for (int32_t x = 0; x < weights->outputs; x++) {
        const int32_t *weight = weights->weights + (size_t)x * (size_t)weights->stride;
        for (int32_t group = 0; group < groups; group++, packed++) {
            int32_t high[4], low[4];
            for (int32_t t = 0; t < 4; t++) {
                int32_t tap = group * 4 + t;
                int32_t value = tap < weights->counts[x] ? weight[tap] : 0;
                high[t] = value >> low_bits;
                low[t] = value & ((1 << low_bits) - 1);
                if (high[t] != (int16_t)high[t]) return 0;
            }
            int32_t high01 = (high[0] & 0xFFFF) | (int32_t)((uint32_t)high[1] << 16);
            int32_t high23 = (high[2] & 0xFFFF) | (int32_t)((uint32_t)high[3] << 16);
            int32_t low01 = low[0] | low[1] << 16, low23 = low[2] | low[3] << 16;
            packed->high = _mm256_set_m128i(_mm_set1_epi32(high23), _mm_set1_epi32(high01));
            packed->low = _mm256_set_m128i(_mm_set1_epi32(low23), _mm_set1_epi32(low01));
        }
    }
    return 1;
}

// Red, green, blue and a zero byte per pixel.
__attribute__((target("avx2"))) static void spread(const uint8_t *rgb, int32_t width, uint8_t *rgbx) {
    const __m128i order = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    int32_t x = 0;
    // Reads 16 bytes for 4 pixels: stays within the row while two more pixels follow.
    for (; x + 6 <= width; x += 4) {
        __m128i four = _mm_loadu_si128((const __m128i *)(rgb + (size_t)x * 3));
        _mm_storeu_si128((__m128i *)(rgbx + (size_t)x * 4), _mm_shuffle_epi8(four, order));
    }
    for (; x < width; x++) {
        rgbx[x * 4] = rgb[x * 3];
        rgbx[x * 4 + 1] = rgb[x * 3 + 1];
        rgbx[x * 4 + 2] = rgb[x * 3 + 2];
        rgbx[x * 4 + 3] = 0;
    }
}

// Returns 0, with nothing written, when it cannot have its buffers.
__attribute__((target("avx2"))) static int resample_rows_avx2(
    const uint8_t *input, int32_t width, int32_t rows, const codec_weights *weights, uint8_t *output) {
    int32_t longest = 0;
    for (int32_t x = 0; x < weights->outputs; x++)
        if (weights->counts[x] > longest) longest = weights->counts[x];
    int32_t groups = (longest + 3) / 4;
    // The last group of the last output may reach 3 pixels beyond the row, and shorter sums further: zeros are there.
    size_t line_bytes = ((size_t)width + (size_t)groups * 4) * 4;
    size_t packed_bytes = (size_t)weights->outputs * (size_t)groups * sizeof(four_taps);
    four_taps *packed = aligned_alloc(32, packed_bytes);
    uint8_t *line = calloc(line_bytes, 1);
    int done = packed != NULL && line != NULL && pack_weights(weights, groups, packed);
    const __m256i pairs = _mm256_setr_epi8(
        0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1, //
        8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, 11, -1, 15, -1);
    for (int32_t y = 0; done && y < rows; y++) {
        spread(input + (size_t)y * (size_t)width * 3, width, line);
        const four_taps *taps = packed;
        for (int32_t x = 0; x < weights->outputs; x++, output += 3) {
            const uint8_t *pixels = line + (size_t)weights->starts[x] * 4;
            __m256i high = _mm256_setzero_si256(), low = _mm256_setzero_si256();
            for (int32_t group = 0; group < groups; group++, taps++, pixels += 16) {
                __m256i four = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)pixels));
                four = _mm256_shuffle_epi8(four, pairs);
                high = _mm256_add_epi32(high, _mm256_madd_epi16(four, taps->high));
                low = _mm256_add_epi32(low, _mm256_madd_epi16(four, taps->low));
            }
            __m256i sums = _mm256_add_epi32(_mm256_slli_epi32(high, low_bits), low);
            __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
            sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32((int)half)), codec_weight_bits);
            sum = _mm_packs_epi32(sum, sum);
            int32_t rgb = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
            memcpy(output, &rgb, 3);
        }
    }
    free(line);
    free(packed);
    return done;
}

__attribute__((target("avx2"))) static void resample_columns_avx2(
    const uint8_t *input, size_t row_bytes, const codec_weights *weights, uint8_t *output) {
    resample_columns(input, row_bytes, weights, output);
}

__attribute__((target("avx2"))) static void add_row_avx2(
    uint32_t *sums, const uint8_t *row, size_t count, int32_t factor) {
    add_row(sums, row, count, factor);
}

#endif

void codec_add_row(uint32_t *sums, const uint8_t *row, size_t row_bytes, int32_t factor) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        add_row_avx2(sums, row, row_bytes, factor);
        return;
    }
#endif
    add_row(sums, row, row_bytes, factor);
}

void codec_round_row(const uint32_t *sums, size_t row_bytes, uint8_t *output) {
    for (size_t i = 0; i < row_bytes; i++) output[i] = rounded(sums[i]);
}

void codec_resample_rows(
    const uint8_t *input, int32_t width, int32_t rows, const codec_weights *weights, int portable, uint8_t *output) {
    (void)portable;
#if defined(__x86_64__)
    if (!portable && __builtin_cpu_supports("avx2") && resample_rows_avx2(input, width, rows, weights, output)) return;
#endif
    resample_rows(input, width, rows, weights, output);
}

void codec_resample_columns(
    const uint8_t *input, size_t row_bytes, const codec_weights *weights, int portable, uint8_t *output) {
    (void)portable;
#if defined(__x86_64__)
    if (!portable && __builtin_cpu_supports("avx2")) {
        resample_columns_avx2(input, row_bytes, weights, output);
        return;
    }
#endif
    resample_columns(input, row_bytes, weights, output);
}
