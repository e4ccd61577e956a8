/* Operations over one row of values: layer norm, softmax, GELU and other activations. */

/* A function of each value by itself. */
#define EACH(name, function)                                                                                           \
  static void name(float *values, ptrdiff_t count) {                                                                   \
    ptrdiff_t i = 0;                                                                                                   \
    for (; i + LANES <= count; i += LANES) store(values + i, function(load(values + i)));                              \
    if (i < count) store_some(values + i, function(load_some(values + i, count - i)), count - i);                      \
  }

EACH(gelu, gaussian_unit)
EACH(tanh_gelu, tanh_gaussian_unit)
EACH(quick_gelu, quick_gaussian_unit)
EACH(sigmoid, logistic)
EACH(swish, swish_unit)

INLINE vec hard_unit(vec x, float scale, float shift) {
  return multiply_add(x * smaller(larger(x + 3.0f, splat(0)), splat(6)), splat(scale / 6), splat(shift));
}

static void hard_swish(float *values, ptrdiff_t count, float scale, float shift) {
  ptrdiff_t i = 0;
  for (; i + LANES <= count; i += LANES) store(values + i, hard_unit(load(values + i), scale, shift));
  if (i < count) store_some(values + i, hard_unit(load_some(values + i, count - i), scale, shift), count - i);
}

/* Layer normalisation (Ba et al. 2016): mean and variance in two passes. */
static void layer_norm(const float *input, const float *weight, const float *bias, float epsilon, ptrdiff_t width,
                       float *output) {
  ptrdiff_t whole = width - width % LANES, rest = width % LANES;
  vec sum = {0};
  for (ptrdiff_t i = 0; i < whole; i += LANES) sum += load(input + i);
  if (rest) sum += load_some(input + whole, rest);
  float mean = lane_sum(sum) / (float)width;
  vec squares = {0};
  for (ptrdiff_t i = 0; i < whole; i += LANES) {
    vec d = load(input + i) - mean;
    squares = multiply_add(d, d, squares);
  }
  float variance = lane_sum(squares);
  for (ptrdiff_t i = whole; i < width; i++) variance += (input[i] - mean) * (input[i] - mean);
  float scale = 1.0f / __builtin_sqrtf(variance / (float)width + epsilon);
  for (ptrdiff_t i = 0; i < whole; i += LANES)
    store(output + i, multiply_add((load(input + i) - mean) * scale, load(weight + i), load(bias + i)));
  if (rest) {
    vec d = (load_some(input + whole, rest) - mean) * scale;
    store_some(output + whole, multiply_add(d, load_some(weight + whole, rest), load_some(bias + whole, rest)), rest);
  }
}

/* Normalisation by the root mean square (Zhang & Sennrich 2019). */
static void rms_norm(const float *input, const float *weight, float epsilon, ptrdiff_t width, float *output) {
  ptrdiff_t whole = width - width % LANES, rest = width % LANES;
  vec squares = {0};
  for (ptrdiff_t i = 0; i < whole; i += LANES) squares = multiply_add(load(input + i), load(input + i), squares);
  if (rest) squares = multiply_add(load_some(input + whole, rest), load_some(input + whole, rest), squares);
  float scale = 1.0f / __builtin_sqrtf(lane_sum(squares) / (float)width + epsilon);
  for (ptrdiff_t i = 0; i < whole; i += LANES) store(output + i, load(input + i) * scale * load(weight + i));
  if (rest)
    store_some(output + whole, load_some(input + whole, rest) * scale * load_some(weight + whole, rest), rest);
}

INLINE float row_max(const float *input, ptrdiff_t count) {
  vec best = splat(input[0]);
  ptrdiff_t i = 0;
  for (; i + LANES <= count; i += LANES) best = larger(best, load(input + i));
  float most = lane_max(best);
  for (; i < count; i++) most = input[i] > most ? input[i] : most;
  return most;
}

/* output[i] = exp(input[i] - most); returns the sum. Minus infinity gives zero. `output` may be null. */
INLINE float exponentials(const float *input, ptrdiff_t count, float most, float *output) {
  vec sum = {0};
  vec floor = splat(-87.0f);
  for (ptrdiff_t i = 0; i < count; i += LANES) {
    ptrdiff_t n = count - i;
    vec x = (n >= LANES ? load(input + i) : load_some(input + i, n)) - most;
    vec e = choose(x < floor, splat(0), exponential(x));
    if (n < LANES) {
      vec kept = {0};
      memcpy(&kept, &e, (size_t)n * 4);
      e = kept;
    }
    sum += e;
    if (output) {
      if (n >= LANES) store(output + i, e);
      else store_some(output + i, e, n);
    }
  }
  return lane_sum(sum);
}

static void softmax(const float *input, ptrdiff_t count, float *output) {
  float scale = 1.0f / exponentials(input, count, row_max(input, count), output);
  ptrdiff_t i = 0;
  for (; i + LANES <= count; i += LANES) store(output + i, load(output + i) * scale);
  for (; i < count; i++) output[i] *= scale;
}

static float log_sum_exp(const float *input, ptrdiff_t count) {
  float most = row_max(input, count);
  return most + __builtin_logf(exponentials(input, count, most, 0));
}
