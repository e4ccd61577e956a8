/* Depthwise convolution, channels last. The including file defines MAX_PIXELS, how
 * many neighbouring output pixels one tile computes: each input vector is loaded
 * once per window row and serves all pixels whose window covers it.
 *
 * An output element is the chain bias + tap by tap in row-major order of the
 * window; taps outside the image are left out. */

/* The input rows under the window of output row y; null where the window reaches over the edge. */
INLINE void window_rows(const struct sensorium_depthwise *job, ptrdiff_t y, const int kernel, const float **rows) {
  for (int ky = 0; ky < kernel; ky++) {
    ptrdiff_t row = y * job->stride - job->top + ky;
    const bool exists = row >= 0 && row < job->height;
    if (exists && job->input_rows) row %= job->input_rows;
    rows[ky] = exists ? job->input + row * job->input_row_stride : 0;
  }
}

INLINE void depthwise_tile(const struct sensorium_depthwise *job, const float *const *rows, ptrdiff_t y, ptrdiff_t x,
                           ptrdiff_t channel, const int kernel, const int stride, const int pixels, const bool inside) {
  const float *weight = job->weight + channel / SENSORIUM_PANEL * SENSORIUM_PANEL * kernel * kernel +
                        channel % SENSORIUM_PANEL;
  const ptrdiff_t first_column = x * stride - job->left;
  const ptrdiff_t pixel_stride = job->input_pixel_stride;
  vec sum[MAX_PIXELS];
  vec start = load(job->bias + channel);
  UNROLLED
  for (int p = 0; p < pixels; p++) sum[p] = start;
  for (int ky = 0; ky < kernel; ky++) {
    if (!rows[ky]) continue;
    const float *input = rows[ky] + first_column * pixel_stride + channel;
    vec tap[5];
    UNROLLED
    for (int kx = 0; kx < kernel; kx++) tap[kx] = load(weight + (ky * kernel + kx) * SENSORIUM_PANEL);
    UNROLLED
    for (int j = 0; j < (pixels - 1) * stride + kernel; j++) {
      if (!inside && (first_column + j < 0 || first_column + j >= job->width)) continue;
      vec value = load(input + j * pixel_stride);
      UNROLLED
      for (int p = 0; p < pixels; p++) {
        const int kx = j - p * stride;
        if (kx >= 0 && kx < kernel) sum[p] = multiply_add(value, tap[kx], sum[p]);
      }
    }
  }
  float *output = job->output + y * job->output_row_stride + x * job->output_pixel_stride + channel;
  UNROLLED
  for (int p = 0; p < pixels; p++) store(output + p * job->output_pixel_stride, clipped(sum[p], job->activation));
}

/* All whole vectors of channels for some output pixels of one row. */
INLINE void depthwise_pixels(const struct sensorium_depthwise *job, const float *const *rows, ptrdiff_t y, ptrdiff_t x,
                             ptrdiff_t first, ptrdiff_t count, const int kernel, const int stride, const int pixels) {
  const ptrdiff_t column = x * stride - job->left;
  const bool inside = column >= 0 && column + (pixels - 1) * stride + kernel <= job->width;
  if (inside)
    for (ptrdiff_t c = first; c + LANES <= first + count; c += LANES)
      depthwise_tile(job, rows, y, x, c, kernel, stride, pixels, true);
  else
    for (ptrdiff_t c = first; c + LANES <= first + count; c += LANES)
      depthwise_tile(job, rows, y, x, c, kernel, stride, pixels, false);
}

/* What is left of the channels when whole vectors are done, lane by lane. */
static void depthwise_rest(const struct sensorium_depthwise *job, ptrdiff_t y, ptrdiff_t first, ptrdiff_t end) {
  const int kernel = job->kernel;
  for (ptrdiff_t x = 0; x < job->output_width; x++)
    for (ptrdiff_t c = first; c < end; c++) {
      const float *weight = job->weight + c / SENSORIUM_PANEL * SENSORIUM_PANEL * kernel * kernel + c % SENSORIUM_PANEL;
      float sum = job->bias[c];
      for (int ky = 0; ky < kernel; ky++) {
        ptrdiff_t row = y * job->stride + ky - job->top;
        if (row < 0 || row >= job->height) continue;
        if (job->input_rows) row %= job->input_rows;
        for (int kx = 0; kx < kernel; kx++) {
          const ptrdiff_t column = x * job->stride + kx - job->left;
          if (column < 0 || column >= job->width) continue;
          const float value = job->input[row * job->input_row_stride + column * job->input_pixel_stride + c];
          sum += value * weight[(ky * kernel + kx) * SENSORIUM_PANEL];
        }
      }
      job->output[y * job->output_row_stride + x * job->output_pixel_stride + c] = clipped_one(sum, job->activation);
    }
}

#define PIXEL_CASE(P)                                                                                                  \
  case P:                                                                                                              \
    depthwise_pixels(job, window, y, from, first, count, kernel, stride, P);                                           \
    break;

INLINE void depthwise_rows(const struct sensorium_depthwise *job, ptrdiff_t first_row, ptrdiff_t rows, ptrdiff_t first,
                           ptrdiff_t count, const int kernel, const int stride) {
  const ptrdiff_t tiles = (job->output_width + MAX_PIXELS - 1) / MAX_PIXELS;
  for (ptrdiff_t y = first_row; y < first_row + rows; y++) {
    const float *window[5];
    window_rows(job, y, kernel, window);
    for (ptrdiff_t t = 0; t < tiles; t++) {
      const ptrdiff_t from = job->output_width * t / tiles, to = job->output_width * (t + 1) / tiles;
      switch (to - from) {
        PIXEL_CASE(1)
        PIXEL_CASE(2)
        PIXEL_CASE(3)
        PIXEL_CASE(4)
#if MAX_PIXELS > 4
        PIXEL_CASE(5)
        PIXEL_CASE(6)
#endif
#if MAX_PIXELS > 6
        PIXEL_CASE(7)
        PIXEL_CASE(8)
        PIXEL_CASE(9)
#endif
      }
    }
  }
}

static void depthwise_3_1(const struct sensorium_depthwise *job, ptrdiff_t y, ptrdiff_t n, ptrdiff_t c, ptrdiff_t m) {
  depthwise_rows(job, y, n, c, m, 3, 1);
}
static void depthwise_3_2(const struct sensorium_depthwise *job, ptrdiff_t y, ptrdiff_t n, ptrdiff_t c, ptrdiff_t m) {
  depthwise_rows(job, y, n, c, m, 3, 2);
}
static void depthwise_5_1(const struct sensorium_depthwise *job, ptrdiff_t y, ptrdiff_t n, ptrdiff_t c, ptrdiff_t m) {
  depthwise_rows(job, y, n, c, m, 5, 1);
}
static void depthwise_5_2(const struct sensorium_depthwise *job, ptrdiff_t y, ptrdiff_t n, ptrdiff_t c, ptrdiff_t m) {
  depthwise_rows(job, y, n, c, m, 5, 2);
}

static void depthwise(const struct sensorium_depthwise *job, ptrdiff_t first_row, ptrdiff_t rows,
                      ptrdiff_t first_channel, ptrdiff_t channels) {
  if (job->kernel == 3 && job->stride == 1) depthwise_3_1(job, first_row, rows, first_channel, channels);
  else if (job->kernel == 3) depthwise_3_2(job, first_row, rows, first_channel, channels);
  else if (job->stride == 1) depthwise_5_1(job, first_row, rows, first_channel, channels);
  else depthwise_5_2(job, first_row, rows, first_channel, channels);
  const ptrdiff_t whole = channels - channels % LANES;
  if (whole < channels)
    for (ptrdiff_t y = first_row; y < first_row + rows; y++)
      depthwise_rest(job, y, first_channel + whole, first_channel + channels);
}
