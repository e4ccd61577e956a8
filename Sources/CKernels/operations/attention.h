/* Scaled dot-product attention of one head (Vaswani et al. 2017, 3.2.1), one query row at a time. */

INLINE float dot(const float *a, const float *b, ptrdiff_t width) {
  vec sum = {0};
  for (ptrdiff_t i = 0; i < width; i += LANES) sum = multiply_add(load(a + i), load(b + i), sum);
  return lane_sum(sum);
}

INLINE void attend(const struct sensorium_attention *job, ptrdiff_t row, const ptrdiff_t width) {
  ptrdiff_t keys = job->key_rows;
  if (job->causal_offset >= 0 && job->causal_offset + row + 1 < keys) keys = job->causal_offset + row + 1;
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

static void attention(const struct sensorium_attention *job, ptrdiff_t first_row, ptrdiff_t rows) {
  for (ptrdiff_t row = first_row; row < first_row + rows; row++) {
    if (job->head_width == 64) attend(job, row, 64);
    else attend(job, row, 32);
  }
}
