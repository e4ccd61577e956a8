/* AVX2, FMA and F16C: Haswell (2013), Zen (2017) and later. */
#include "sets.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define LANES 8
#define FUSED 1
#define MAX_ROWS 6
#define PANELS_FOR(rows) ((rows) <= 1 ? 4 : (rows) <= 3 ? 2 : 1)
#define LOAD_HALF(p) ((vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p))))
/* A panel of half the size leaves room for the input in the first cache, which is smaller than AVX-512's machines have. */
#define PREFERS_HALF true
#define ATTENTION_ROWS 6
#define MAX_PIXELS 6
#include "operations/set.h"
#pragma clang attribute pop

const struct sensorium_kernel_set sensorium_avx2 = KERNEL_SET("avx2");
#endif
