/* Scaled dot-product attention of one head (Vaswani et al. 2017, 3.2.1). */

enum { ATTENTION_ROWS = LANES == 4 ? 2 : 4 };

INLINE float dot(const float *a, const float *b, ptrdiff_t width) {
  vec sum = {0};
  for (ptrdiff_t i = 0; i < width; i += LANES) sum = multiply_add(load(a + i), load(b + i), sum);
  return lane_sum(sum);
}

/* Key rows that the query row sees. */
INLINE ptrdiff_t visible_keys(const struct sensorium_attention *job, ptrdiff_t row) {
  const ptrdiff_t causal = job->causal_offset + row + 1;
  return job->causal_offset >= 0 && causal < job->key_rows ? causal : job->key_rows;
}

/* One query row, keys as they lie. */
INLINE void attend(const struct sensorium_attention *job, ptrdiff_t row, const ptrdiff_t width) {
  const ptrdiff_t keys = visible_keys(job, row);
  const float *query = job->query + row * job->query_stride;
  float *scores = job->weights ? job->weights + row * job->weights_stride : job->scores;
  for (ptrdiff_t k = 0; k < keys; k++) scores[k] = job->scale * dot(query, job->keys + k * job->key_stride, width);
  softmax(scores, keys, scores);
  if (job->weights)
    for (ptrdiff_t k = keys; k < job->key_rows; k++) scores[k] = 0;
  vec sum[64 / LANES] = {{0}};
  for (ptrdiff_t k = 0; k < keys; k++) {
    const float *value = job->values + k * job->value_stride;
    for (ptrdiff_t i = 0; i < width / LANES; i++) sum[i] = multiply_add(splat(scores[k]), load(value + i * LANES), sum[i]);
  }
  for (ptrdiff_t i = 0; i < width / LANES; i++) store(job->output + row * job->output_stride + i * LANES, sum[i]);
}

/* Several query rows at once over transposed keys [width][padded]: neighbouring keys are the lanes. */
INLINE void attend_rows(const struct sensorium_attention *job, ptrdiff_t row, const int rows, const ptrdiff_t padded,
                        const ptrdiff_t width) {
  const ptrdiff_t most = visible_keys(job, row + rows - 1);
  float *const scores = job->scores + width * padded;
  for (ptrdiff_t k = 0; k < most; k += 2 * LANES) {
    vec sum[ATTENTION_ROWS][2] = {{{0}}};
    for (ptrdiff_t i = 0; i < width; i++) {
      const vec low = load(job->scores + i * padded + k), high = load(job->scores + i * padded + k + LANES);
      UNROLLED
      for (int r = 0; r < rows; r++) {
        const vec x = splat(job->query[(row + r) * job->query_stride + i]);
        sum[r][0] = multiply_add(x, low, sum[r][0]);
        sum[r][1] = multiply_add(x, high, sum[r][1]);
      }
    }
    UNROLLED
    for (int r = 0; r < rows; r++) {
      store(scores + r * padded + k, sum[r][0] * job->scale);
      store(scores + r * padded + k + LANES, sum[r][1] * job->scale);
    }
  }
  for (int r = 0; r < rows; r++) {
    float *line = scores + r * padded;
    const ptrdiff_t keys = visible_keys(job, row + r);
    softmax(line, keys, line);
    for (ptrdiff_t k = keys; k < most; k++) line[k] = 0;
    if (job->weights)
      for (ptrdiff_t k = 0; k < job->key_rows; k++)
        job->weights[(row + r) * job->weights_stride + k] = k < keys ? line[k] : 0;
  }
  for (ptrdiff_t i = 0; i < width; i += 2 * LANES) {
    vec sum[ATTENTION_ROWS][2] = {{{0}}};
    for (ptrdiff_t k = 0; k < most; k++) {
      const float *value = job->values + k * job->value_stride + i;
      const vec low = load(value), high = load(value + LANES);
      UNROLLED
      for (int r = 0; r < rows; r++) {
        const vec x = splat(scores[r * padded + k]);
        sum[r][0] = multiply_add(x, low, sum[r][0]);
        sum[r][1] = multiply_add(x, high, sum[r][1]);
      }
    }
    UNROLLED
    for (int r = 0; r < rows; r++) {
      store(job->output + (row + r) * job->output_stride + i, sum[r][0]);
      store(job->output + (row + r) * job->output_stride + i + LANES, sum[r][1]);
    }
  }
}

INLINE void attend_all(const struct sensorium_attention *job, ptrdiff_t row, ptrdiff_t rows, const ptrdiff_t width) {
  const ptrdiff_t padded = (job->key_rows + 31) / 32 * 32;
  for (ptrdiff_t k = 0; k < padded; k++)
    for (ptrdiff_t i = 0; i < width; i++)
      job->scores[i * padded + k] = k < job->key_rows ? job->keys[k * job->key_stride + i] : 0;
  const ptrdiff_t end = row + rows;
  for (; row + ATTENTION_ROWS <= end; row += ATTENTION_ROWS) attend_rows(job, row, ATTENTION_ROWS, padded, width);
  for (; row < end; row++) attend_rows(job, row, 1, padded, width);
}

static void attention(const struct sensorium_attention *job, ptrdiff_t first_row, ptrdiff_t rows) {
  if (job->transposes) {
    if (job->head_width == 64) attend_all(job, first_row, rows, 64);
    else attend_all(job, first_row, rows, 32);
    return;
  }
  for (ptrdiff_t row = first_row; row < first_row + rows; row++) {
    if (job->head_width == 64) attend(job, row, 64);
    else attend(job, row, 32);
  }
}
