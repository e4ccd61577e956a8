/* The vector type of one instruction set. The including file defines
 *   LANES          floats per vector: 4, 8 or 16
 *   FUSED          1 where the CPU fuses multiply and add
 *   LOAD_HALF(p)   LANES binary16 at p as floats (only where the set takes halves)
 * and, by `#pragma clang attribute`, the target of every function below it. */
#include "CKernels.h"
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
/* A loop whose bounds are known where it is inlined, and whose variables shall be registers. */
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef int32_t ivec __attribute__((ext_vector_type(LANES)));

INLINE vec load(const float *p) {
  vec v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

/* LANES bfloat16 at p: the upper halves of floats. */
INLINE vec load_bf16(const void *p) {
  uint16_t __attribute__((ext_vector_type(LANES))) upper;
  memcpy(&upper, p, sizeof upper);
  return (vec)(__builtin_convertvector(upper, ivec) << 16);
}

/* The first n < LANES floats at p; the other lanes are zero. */
INLINE vec load_some(const float *p, ptrdiff_t n) {
  vec v = {0};
  memcpy(&v, p, (size_t)n * 4);
  return v;
}

INLINE void store_some(float *p, vec v, ptrdiff_t n) { memcpy(p, &v, (size_t)n * 4); }

INLINE vec splat(float x) { return (vec)x; }

INLINE vec multiply_add(vec a, vec b, vec c) {
#if FUSED
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

INLINE vec larger(vec a, vec b) { return __builtin_elementwise_max(a, b); }
INLINE vec smaller(vec a, vec b) { return __builtin_elementwise_min(a, b); }
INLINE vec choose(ivec mask, vec yes, vec no) { return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask)); }

/* Sum and maximum over the lanes, by halving: one fixed order. */
INLINE float lane_sum(vec v) {
  float lanes[LANES];
  store(lanes, v);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
  return lanes[0];
}

INLINE float lane_max(vec v) {
  float lanes[LANES];
  store(lanes, v);
  float best = lanes[0];
  for (int i = 1; i < LANES; i++) best = lanes[i] > best ? lanes[i] : best;
  return best;
}

/* e^x with a relative error below 2e-7; x is clamped to [-87, 88]. Cody-Waite reduction by ln 2, then
 * the Taylor polynomial of degree 7 on [-ln 2 / 2, ln 2 / 2]. */
INLINE vec exponential(vec x) {
  x = smaller(larger(x, splat(-87.0f)), splat(88.0f));
  /* Adding 1.5 * 2^23 rounds to an integer, which the low bits of the sum then hold. */
  vec shifted = multiply_add(x, splat(1.44269504089f), splat(12582912.0f));
  vec n = shifted - 12582912.0f;
  vec r = multiply_add(n, splat(-0.693145751953125f), x);
  r = multiply_add(n, splat(-1.42860682030941723e-6f), r);
  vec p = splat(1.0f / 5040);
  p = multiply_add(p, r, splat(1.0f / 720));
  p = multiply_add(p, r, splat(1.0f / 120));
  p = multiply_add(p, r, splat(1.0f / 24));
  p = multiply_add(p, r, splat(1.0f / 6));
  p = multiply_add(p, r, splat(0.5f));
  p = multiply_add(p, r, splat(1.0f));
  p = multiply_add(p, r, splat(1.0f));
  ivec exponent = (ivec)shifted << 23;
  return (vec)((ivec)p + exponent);
}

/* erf(x) with an absolute error below 1.2e-7: an odd polynomial near zero, 1 - exp(polynomial) beyond
 * (minimax coefficients after N. Juffa's erff). */
INLINE vec error_function(vec x) {
  vec t = __builtin_elementwise_abs(x), s = x * x;
  vec near = splat(-5.96761703e-4f);
  near = multiply_add(near, s, splat(4.99119423e-3f));
  near = multiply_add(near, s, splat(-2.67681349e-2f));
  near = multiply_add(near, s, splat(1.12819925e-1f));
  near = multiply_add(near, s, splat(-3.76125336e-1f));
  near = multiply_add(near, s, splat(1.28379166e-1f));
  near = multiply_add(near, x, x);
  vec c = smaller(t, splat(4.0f)), cc = c * c;
  vec far = multiply_add(splat(-1.72853470e-5f), c, splat(3.83197126e-4f));
  vec low = multiply_add(splat(-3.88396438e-3f), c, splat(2.42546219e-2f));
  far = multiply_add(far, cc, low);
  far = multiply_add(far, c, splat(-1.06777877e-1f));
  far = multiply_add(far, c, splat(-6.34846687e-1f));
  far = multiply_add(far, c, splat(-1.28717512e-1f));
  far = multiply_add(far, c, -c);
  far = 1.0f - exponential(far);
  ivec sign = (ivec)x & INT32_MIN;
  far = (vec)((ivec)far | sign);
  return choose(t > splat(0.927734375f), far, near);
}

/* The Gaussian error linear unit, exact form: x/2 * (1 + erf(x / sqrt 2)). */
INLINE vec gaussian_unit(vec x) {
  vec half = x * 0.5f;
  return multiply_add(half, error_function(x * 0.70710678118654752f), half);
}

INLINE vec logistic(vec x) { return 1.0f / (1.0f + exponential(-x)); }

/* Its approximation x/2 * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), where (1 + tanh(t)) / 2 is the logistic function of 2t. */
INLINE vec tanh_gaussian_unit(vec x) {
  return x * logistic(1.5957691216057308f * x * multiply_add(x * x, splat(0.044715f), splat(1)));
}

/* Its approximation x / (1 + exp(-1.702 x)). */
INLINE vec quick_gaussian_unit(vec x) { return x * logistic(1.702f * x); }

/* x / (1 + exp(-x)) (Ramachandran et al. 2017). */
INLINE vec swish_unit(vec x) { return x * logistic(x); }

INLINE vec clipped(vec x, enum sensorium_activation activation) {
  if (activation == SENSORIUM_ACTIVATION_RELU6) return smaller(larger(x, splat(0)), splat(6));
  if (activation == SENSORIUM_ACTIVATION_RELU) return larger(x, splat(0));
  return x;
}

INLINE float clipped_one(float x, enum sensorium_activation activation) {
  if (activation != SENSORIUM_ACTIVATION_NONE && x < 0) x = 0;
  return activation == SENSORIUM_ACTIVATION_RELU6 && x > 6 ? 6 : x;
}
