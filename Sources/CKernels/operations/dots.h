/* Dot products of many rows with a few queries: the scores of an exact search. A score is one chain per lane over the
 * elements in their order, then the sum over the lanes: it depends neither on the other rows nor on the other queries. */

/* Rows and queries of one tile: their accumulators, and the loaded rows, are registers. */
enum { DOT_ROWS = 4, DOT_QUERIES = LANES == 16 ? 4 : 2 };

INLINE void dot_tile(const struct sensorium_dots *job, ptrdiff_t row, int rows, ptrdiff_t query, int queries) {
  const float *values = job->rows + row * job->width, *against = job->queries + query * job->width;
  vec sums[DOT_ROWS][DOT_QUERIES] = {{{0}}};
  for (ptrdiff_t i = 0; i < job->width; i += LANES) {
    vec loaded[DOT_ROWS];
    UNROLLED for (int r = 0; r < rows; r++) loaded[r] = load(values + r * job->width + i);
    UNROLLED for (int q = 0; q < queries; q++) {
      vec element = load(against + q * job->width + i);
      UNROLLED for (int r = 0; r < rows; r++) sums[r][q] = multiply_add(loaded[r], element, sums[r][q]);
    }
  }
  UNROLLED for (int q = 0; q < queries; q++)
    UNROLLED for (int r = 0; r < rows; r++)
      job->scores[(query + q) * job->scores_stride + row + r] = lane_sum(sums[r][q]);
}

INLINE void dot_rows(const struct sensorium_dots *job, ptrdiff_t row, int rows) {
  ptrdiff_t query = 0;
  for (; query + DOT_QUERIES <= job->query_count; query += DOT_QUERIES) dot_tile(job, row, rows, query, DOT_QUERIES);
  for (; query < job->query_count; query++) dot_tile(job, row, rows, query, 1);
}

static void dots(const struct sensorium_dots *job) {
  ptrdiff_t row = 0;
  for (; row + DOT_ROWS <= job->row_count; row += DOT_ROWS) dot_rows(job, row, DOT_ROWS);
  for (; row < job->row_count; row++) dot_rows(job, row, 1);
}

/* The sum of all values: what reading them costs at least. `count` is a multiple of 64. */
static float sum(const float *values, ptrdiff_t count) {
  vec sums[4] = {{0}};
  for (ptrdiff_t i = 0; i < count; i += 4 * LANES)
    UNROLLED for (int lane = 0; lane < 4; lane++) sums[lane] += load(values + i + lane * LANES);
  return lane_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}
