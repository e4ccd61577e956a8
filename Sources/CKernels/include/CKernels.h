#pragma once
/* The arithmetic that networks need, written once per operation and compiled for
 * several instruction sets; `sensorium_kernel_set_at` lists the sets and says
 * which of them this CPU can run. All functions work on one thread: the pool in
 * Swift splits the ranges.
 *
 * Every output element is computed by one chain of operations whose order
 * depends on the shape alone, never on how a range was split. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Output channels of one panel of a packed matrix. */
enum { SENSORIUM_PANEL = 16 };

enum sensorium_activation {
  SENSORIUM_ACTIVATION_NONE = 0,
  SENSORIUM_ACTIVATION_RELU6 = 1,
  SENSORIUM_ACTIVATION_RELU = 2,
  /* From here on curves, which `product` alone knows. */
  SENSORIUM_ACTIVATION_GELU = 3,       /* x/2 * (1 + erf(x/sqrt 2)) */
  SENSORIUM_ACTIVATION_TANH_GELU = 4,  /* x/2 * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
  SENSORIUM_ACTIVATION_QUICK_GELU = 5, /* x / (1 + exp(-1.702 x)) */
  SENSORIUM_ACTIVATION_SWISH = 6,      /* x / (1 + exp(-x)) */
};

/* What a stored number is. */
enum sensorium_element { SENSORIUM_F32, SENSORIUM_F16, SENSORIUM_BF16 };

/* output[r, o] = activation(bias[o] + sum_i input[r, i] * weight[o, i]) + residual[r, o].
 * `weight` holds panels of 16 output channels, each [inputs][16], the last one
 * padded with zeros, of `weight_element`: f16 only where the set takes it. `bias` has `outputs`
 * elements, or is null, as `residual` may be. Strides are in floats, and input rows
 * may overlap. A row's elements lie in `segments` runs of equal length,
 * `segment_stride` apart: the rows of a convolution's window, where they are not 1. */
struct sensorium_product {
  const float *input;
  ptrdiff_t input_stride;
  ptrdiff_t segments, segment_stride;
  const void *weight;
  enum sensorium_element weight_element;
  const float *bias;
  const float *residual;
  ptrdiff_t residual_stride;
  float *output;
  ptrdiff_t output_stride;
  ptrdiff_t inputs, outputs;
  enum sensorium_activation activation;
};

/* Depthwise convolution over one image [height, width, channels] with a window of 3 or
 * 5 and a stride of 1 or 2, padding `top` and `left` (what lies outside counts as zero).
 * `weight` holds panels of 16 channels, each [kernel][kernel][16]. `input` and
 * `output` point at row 0 and channel 0; strides are in floats. `input_rows` > 0
 * makes the input a ring: row y lies at y modulo input_rows. Activation: none, ReLU or ReLU6.
 * The function computes a range of output rows for a range of channels that begins at a
 * multiple of 16. */
struct sensorium_depthwise {
  const float *input;
  ptrdiff_t input_row_stride, input_pixel_stride, input_rows;
  ptrdiff_t height, width;
  const float *weight, *bias;
  float *output;
  ptrdiff_t output_row_stride, output_pixel_stride;
  ptrdiff_t output_width;
  int kernel, stride, top, left;
  enum sensorium_activation activation;
};

/* One head of scaled dot-product attention, of `head_width` channels, a multiple of 4: for each query row,
 * softmax(scale * query . keys) . values, over the first `key_rows` keys, or over
 * the first `causal_offset + row + 1` of them where causal_offset >= 0.
 * weights[row * weights_stride + key], if wanted, receives the softmax.
 * bias[row * bias_stride + key], if there is one, is added before the softmax; its stride may be negative.
 * `transposes` lays keys and values out anew, so that neighbouring keys are computed together, which pays
 * from some query rows on; it changes the last bits, so it must follow from the
 * sequence alone. `scores` is scratch: key_rows floats, rounded up to 32, times
 * 2 * head_width + attention_rows with `transposes`, else once. */
struct sensorium_attention {
  const float *query, *keys, *values;
  ptrdiff_t query_stride, key_stride, value_stride;
  ptrdiff_t key_rows, causal_offset;
  ptrdiff_t head_width;
  bool transposes;
  float scale;
  float *scores;
  float *weights;
  ptrdiff_t weights_stride;
  const float *bias;
  ptrdiff_t bias_stride;
  float *output;
  ptrdiff_t output_stride;
};

/* scores[query * scores_stride + row] = rows[row] . queries[query], over `width` elements, a multiple of 16. Rows and
 * queries are contiguous. */
struct sensorium_dots {
  const float *rows;
  ptrdiff_t row_count;
  const float *queries;
  ptrdiff_t query_count;
  ptrdiff_t width;
  float *scores;
  ptrdiff_t scores_stride;
};

/* The operations of one instruction set: constants, which any thread may read. */
struct __attribute__((swift_attr("@Sendable"))) sensorium_kernel_set {
  const char *name;
  /* Whether `product` takes f16 weights, and whether it is also faster with them over many rows. */
  bool takes_half, prefers_half;
  /* Query rows that `attention` takes at once. */
  int attention_rows;
  void (*product)(const struct sensorium_product *, ptrdiff_t first_row, ptrdiff_t rows,
                  ptrdiff_t first_panel, ptrdiff_t panels);
  /* `count` weights, a multiple of 16, of a type that `product` takes become f32. */
  void (*widen)(const void *weights, enum sensorium_element element, ptrdiff_t count, float *values);
  void (*depthwise)(const struct sensorium_depthwise *, ptrdiff_t first_row, ptrdiff_t rows,
                    ptrdiff_t first_channel, ptrdiff_t channels);
  void (*attention)(const struct sensorium_attention *, ptrdiff_t first_row, ptrdiff_t rows);
  void (*layer_norm)(const float *input, const float *weight, const float *bias, float epsilon, ptrdiff_t width,
                     float *output);
  void (*rms_norm)(const float *input, const float *weight, float epsilon, ptrdiff_t width, float *output);
  void (*softmax)(const float *input, ptrdiff_t count, float *output);
  /* Returns log(sum(exp(input))). */
  float (*log_sum_exp)(const float *input, ptrdiff_t count);
  void (*gelu)(float *values, ptrdiff_t count);
  /* 1 / (1 + exp(-x)), and x times that. */
  void (*sigmoid)(float *values, ptrdiff_t count);
  void (*swish)(float *values, ptrdiff_t count);
  /* scale * x/6 * min(max(x + 3, 0), 6) + shift */
  void (*hard_swish)(float *values, ptrdiff_t count, float scale, float shift);
  void (*dots)(const struct sensorium_dots *);
  /* The sum of `count` values, a multiple of 64. */
  float (*sum)(const float *values, ptrdiff_t count);
};

/* Kernel sets, fastest first; null past the last. */
const struct sensorium_kernel_set *sensorium_kernel_set_at(size_t index);
/* Whether this CPU has the instructions of the set at `index`. */
bool sensorium_kernel_set_runs(size_t index);

/* [outputs, inputs] row-major becomes panels (see sensorium_product). */
void sensorium_pack_f32(const void *source, enum sensorium_element element, ptrdiff_t outputs, ptrdiff_t inputs,
                        float *panels);
/* The same for elements of 16 bits, as they are. */
void sensorium_pack_16(const void *source, ptrdiff_t outputs, ptrdiff_t inputs, uint16_t *panels);
/* Panels of f16 of f32 elements all of which are exactly a finite f16; false, and nothing of use written, where one is not. */
bool sensorium_pack_exact_f16(const void *source, ptrdiff_t outputs, ptrdiff_t inputs, uint16_t *panels);
/* Elements of any type become f32. */
void sensorium_widen(const void *source, enum sensorium_element element, ptrdiff_t count, float *values);
/* What a thread pool needs of Linux. */
void sensorium_pause(void);
/* Sleeps while *word == expected; wakes on sensorium_wake, or early for no reason. */
void sensorium_wait(const uint32_t *word, uint32_t expected);
void sensorium_wake_all(const uint32_t *word);
/* Nanoseconds of the monotonic clock. */
uint64_t sensorium_now(void);
/* Lowers the calling thread's priority to `nice` steps; a refusal is ignored. */
void sensorium_lower_priority(int nice);
/* CPUs this process may run on. */
int sensorium_allowed_cpus(void);
