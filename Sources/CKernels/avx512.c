/* AVX-512 F, BW, DQ and VL: Skylake-SP (2017), Zen 4 (2022) and later. */
#include "sets.h"
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c"))), apply_to = function)
#define LANES 16
#define FUSED 1
#define MAX_ROWS 14
#define PANELS_FOR(rows) ((rows) <= 3 ? 8 : (rows) <= 7 ? 4 : 2)
#define LOAD_HALF(p) ((vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(p))))
#define ATTENTION_ROWS 12
#define MAX_PIXELS 9
#include "operations/set.h"
#pragma clang attribute pop

const struct sensorium_kernel_set sensorium_avx512 = KERNEL_SET("avx512");
#endif
