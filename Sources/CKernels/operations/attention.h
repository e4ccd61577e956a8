/* Scaled dot-product attention of one head (Vaswani et al. 2017, 3.2.1). The including file defines ATTENTION_ROWS, the query rows whose
 * sums of two vectors each fit the registers: how many are taken at once changes no sum. Heads of 32 and 64 channels, the usual widths, have
 * code of their own, in which a head is a known number of whole vectors; of other widths, multiples of 4, the channels that fill
 * no vector are taken four at a time. */

/* BLOCK_LANES: neighbouring keys, or channels, that are computed together where there are several query rows. */
enum { QUAD = 4, BLOCK_LANES = 2 * LANES };

typedef float quad __attribute__((ext_vector_type(QUAD)));

INLINE quad load_quad(const float *p) {
  quad v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void store_quad(float *p, quad v) { memcpy(p, &v, sizeof v); }

INLINE quad multiply_add_quad(quad a, quad b, quad c) {
#if FUSED
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

INLINE float dot(const float *a, const float *b, ptrdiff_t width) {
  vec sum = {0};
  ptrdiff_t i = 0;
  for (; i + LANES <= width; i += LANES) sum = multiply_add(load(a + i), load(b + i), sum);
  const float whole = lane_sum(sum);
  if (i == width) return whole;
  quad rest = {0};
  for (; i < width; i += QUAD) rest = multiply_add_quad(load_quad(a + i), load_quad(b + i), rest);
  return whole + ((rest[0] + rest[2]) + (rest[1] + rest[3]));
}

/* Key rows that the query row sees. */
INLINE ptrdiff_t visible_keys(const struct sensorium_attention *job, ptrdiff_t row) {
  const ptrdiff_t causal = job->causal_offset + row + 1;
  return job->causal_offset >= 0 && causal < job->key_rows ? causal : job->key_rows;
}

/* What a query row's scores are raised by, where there is something. */
INLINE void add_bias(const struct sensorium_attention *job, ptrdiff_t row, float *scores, ptrdiff_t keys) {
  if (!job->bias) return;
  const float *bias = job->bias + row * job->bias_stride;
  for (ptrdiff_t k = 0; k < keys; k++) scores[k] += bias[k];
}

/* `vectors` vectors of channels from `channel` on of scores . values, for `rows` query rows whose scores are `stride` apart.
 * `values` are those channels of the first key; those of the next are `value_stride` further. */
INLINE void mix_vectors(const struct sensorium_attention *job, ptrdiff_t row, const int rows, const float *scores,
                        ptrdiff_t stride, ptrdiff_t keys, ptrdiff_t channel, const int vectors, const float *values,
                        const ptrdiff_t value_stride) {
  vec sum[ATTENTION_ROWS][64 / LANES] = {{{0}}};
  for (ptrdiff_t k = 0; k < keys; k++) {
    const float *value = values + k * value_stride;
    vec loaded[64 / LANES];
    UNROLLED
    for (int v = 0; v < vectors; v++) loaded[v] = load(value + v * LANES);
    UNROLLED
    for (int r = 0; r < rows; r++) {
      const vec x = splat(scores[r * stride + k]);
      UNROLLED
      for (int v = 0; v < vectors; v++) sum[r][v] = multiply_add(x, loaded[v], sum[r][v]);
    }
  }
  UNROLLED
  for (int r = 0; r < rows; r++)
    UNROLLED
    for (int v = 0; v < vectors; v++)
      store(job->output + (row + r) * job->output_stride + channel + v * LANES, sum[r][v]);
}

/* The same for four channels. */
INLINE void mix_quad(const struct sensorium_attention *job, ptrdiff_t row, const int rows, const float *scores,
                     ptrdiff_t stride, ptrdiff_t keys, ptrdiff_t channel) {
  quad sum[ATTENTION_ROWS] = {{0}};
  for (ptrdiff_t k = 0; k < keys; k++) {
    const quad value = load_quad(job->values + k * job->value_stride + channel);
    UNROLLED
    for (int r = 0; r < rows; r++) sum[r] = multiply_add_quad((quad)scores[r * stride + k], value, sum[r]);
  }
  UNROLLED
  for (int r = 0; r < rows; r++) store_quad(job->output + (row + r) * job->output_stride + channel, sum[r]);
}

/* Those of all channels from `i` on; each is one chain over the keys in their order, however channels are taken together. */
INLINE void mix(const struct sensorium_attention *job, ptrdiff_t row, const int rows, const float *scores,
                ptrdiff_t stride, ptrdiff_t keys, ptrdiff_t i, const ptrdiff_t width) {
  const float *values = job->values;
  const ptrdiff_t step = job->value_stride;
  if (rows == 1) {
    for (; i + 64 <= width; i += 64)
      mix_vectors(job, row, rows, scores, stride, keys, i, 64 / LANES, values + i, step);
    for (; i + 32 <= width; i += 32)
      mix_vectors(job, row, rows, scores, stride, keys, i, 32 / LANES, values + i, step);
  }
  for (; i + 2 * LANES <= width; i += 2 * LANES)
    mix_vectors(job, row, rows, scores, stride, keys, i, 2, values + i, step);
  for (; i + LANES <= width; i += LANES)
    mix_vectors(job, row, rows, scores, stride, keys, i, 1, values + i, step);
  for (; i < width; i += QUAD) mix_quad(job, row, rows, scores, stride, keys, i);
}

/* One query row, keys as they lie. */
INLINE void attend(const struct sensorium_attention *job, ptrdiff_t row, const ptrdiff_t width) {
  const ptrdiff_t keys = visible_keys(job, row);
  const float *query = job->query + row * job->query_stride;
  float *scores = job->weights ? job->weights + row * job->weights_stride : job->scores;
  for (ptrdiff_t k = 0; k < keys; k++) scores[k] = job->scale * dot(query, job->keys + k * job->key_stride, width);
  add_bias(job, row, scores, keys);
  softmax(scores, keys, scores);
  if (job->weights)
    for (ptrdiff_t k = keys; k < job->key_rows; k++) scores[k] = 0;
  mix(job, row, 1, scores, 0, keys, 0, width);
}

/* Keys and values of one head, laid out so that several query rows read them as streams: they lie far apart in a layer's rows, whose
 * lengths bring them to few places of the first cache. */
struct head_stream {
  float *keys;   /* [padded / BLOCK_LANES][width][BLOCK_LANES]: neighbouring keys are the lanes */
  float *values; /* [streamed / BLOCK_LANES][key_rows][BLOCK_LANES]: neighbouring channels are */
  float *scores; /* [ATTENTION_ROWS][padded] */
  ptrdiff_t padded, streamed; /* keys, and channels of values that fill blocks */
};

INLINE struct head_stream stream_head(const struct sensorium_attention *job, const ptrdiff_t width) {
  struct head_stream head = {.keys = job->scores};
  head.padded = (job->key_rows + 31) / 32 * 32;
  head.streamed = width / BLOCK_LANES * BLOCK_LANES;
  head.values = head.keys + width * head.padded;
  head.scores = head.values + width * head.padded;
  for (ptrdiff_t first = 0; first < head.padded; first += BLOCK_LANES) {
    float *block = head.keys + first * width;
    const ptrdiff_t left = job->key_rows - first, count = left < BLOCK_LANES ? left : BLOCK_LANES;
    for (ptrdiff_t i = 0; i < width; i++, block += BLOCK_LANES) {
      for (ptrdiff_t k = 0; k < count; k++) block[k] = job->keys[(first + k) * job->key_stride + i];
      for (ptrdiff_t k = count < 0 ? 0 : count; k < BLOCK_LANES; k++) block[k] = 0;
    }
  }
  for (ptrdiff_t k = 0; k < job->key_rows; k++)
    for (ptrdiff_t i = 0; i < head.streamed; i += LANES)
      store(head.values + i / BLOCK_LANES * BLOCK_LANES * job->key_rows + k * BLOCK_LANES + i % BLOCK_LANES,
            load(job->values + k * job->value_stride + i));
  return head;
}

/* Several query rows at once. */
INLINE void attend_rows(const struct sensorium_attention *job, const struct head_stream *head, ptrdiff_t row,
                        const int rows, const ptrdiff_t width) {
  const ptrdiff_t most = visible_keys(job, row + rows - 1), padded = head->padded;
  for (ptrdiff_t k = 0; k < most; k += BLOCK_LANES) {
    vec sum[ATTENTION_ROWS][2] = {{{0}}};
    const float *block = head->keys + k * width;
    for (ptrdiff_t i = 0; i < width; i++) {
      const vec low = load(block + i * BLOCK_LANES), high = load(block + i * BLOCK_LANES + LANES);
      UNROLLED
      for (int r = 0; r < rows; r++) {
        const vec x = splat(job->query[(row + r) * job->query_stride + i]);
        sum[r][0] = multiply_add(x, low, sum[r][0]);
        sum[r][1] = multiply_add(x, high, sum[r][1]);
      }
    }
    UNROLLED
    for (int r = 0; r < rows; r++) {
      store(head->scores + r * padded + k, sum[r][0] * job->scale);
      store(head->scores + r * padded + k + LANES, sum[r][1] * job->scale);
    }
  }
  for (int r = 0; r < rows; r++) {
    float *line = head->scores + r * padded;
    const ptrdiff_t keys = visible_keys(job, row + r);
    add_bias(job, row + r, line, keys);
    softmax(line, keys, line);
    for (ptrdiff_t k = keys; k < most; k++) line[k] = 0;
    if (job->weights)
      for (ptrdiff_t k = 0; k < job->key_rows; k++)
        job->weights[(row + r) * job->weights_stride + k] = k < keys ? line[k] : 0;
  }
  for (ptrdiff_t i = 0; i < head->streamed; i += BLOCK_LANES)
    mix_vectors(job, row, rows, head->scores, padded, most, i, 2, head->values + i * job->key_rows, BLOCK_LANES);
  mix(job, row, rows, head->scores, padded, most, head->streamed, width);
}

INLINE void attend_all(const struct sensorium_attention *job, ptrdiff_t row, ptrdiff_t rows, const ptrdiff_t width) {
  const struct head_stream head = stream_head(job, width);
  const ptrdiff_t end = row + rows;
  for (; row + ATTENTION_ROWS <= end; row += ATTENTION_ROWS) attend_rows(job, &head, row, ATTENTION_ROWS, width);
#if ATTENTION_ROWS > 4
  for (; row + 4 <= end; row += 4) attend_rows(job, &head, row, 4, width);
#endif
  for (; row < end; row++) attend_rows(job, &head, row, 1, width);
}

static void attention(const struct sensorium_attention *job, ptrdiff_t first_row, ptrdiff_t rows) {
  const ptrdiff_t width = job->head_width;
  if (job->transposes) {
    if (width == 64) attend_all(job, first_row, rows, 64);
    else if (width == 32) attend_all(job, first_row, rows, 32);
    else attend_all(job, first_row, rows, width);
    return;
  }
  for (ptrdiff_t row = first_row; row < first_row + rows; row++) {
    if (width == 64) attend(job, row, 64);
    else if (width == 32) attend(job, row, 32);
    else attend(job, row, width);
  }
}
