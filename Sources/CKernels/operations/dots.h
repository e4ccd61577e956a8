/* Dot products of many rows with a few queries: the scores of an exact search. A score has four chains per lane, each over
 * every fourth vector in order; it depends neither on the other rows nor on the other queries. Rows are read one after the
 * other, as the prefetcher expects it: a tile of four rows took half as long again as only reading them. */

/* Queries that share the loads of a row: their chains, and the loaded vectors, are registers. */
enum { DOT_QUERIES = LANES == 16 ? 4 : 2, DOT_CHAINS = 4 };

INLINE void dot_row(const struct sensorium_dots *job, ptrdiff_t row, ptrdiff_t query, int queries) {
  const float *values = job->rows + row * job->width, *against = job->queries + query * job->width;
  vec sums[DOT_QUERIES][DOT_CHAINS] = {{{0}}};
  ptrdiff_t i = 0;
  for (; i + DOT_CHAINS * LANES <= job->width; i += DOT_CHAINS * LANES) {
    vec loaded[DOT_CHAINS];
    UNROLLED for (int c = 0; c < DOT_CHAINS; c++) loaded[c] = load(values + i + c * LANES);
    UNROLLED for (int q = 0; q < queries; q++)
      UNROLLED for (int c = 0; c < DOT_CHAINS; c++)
        sums[q][c] = multiply_add(loaded[c], load(against + q * job->width + i + c * LANES), sums[q][c]);
  }
  for (; i < job->width; i += LANES)
    UNROLLED for (int q = 0; q < queries; q++)
      sums[q][0] = multiply_add(load(values + i), load(against + q * job->width + i), sums[q][0]);
  UNROLLED for (int q = 0; q < queries; q++)
    job->scores[(query + q) * job->scores_stride + row] =
        lane_sum((sums[q][0] + sums[q][1]) + (sums[q][2] + sums[q][3]));
}

static void dots(const struct sensorium_dots *job) {
  for (ptrdiff_t row = 0; row < job->row_count; row++) {
    ptrdiff_t query = 0;
    for (; query + DOT_QUERIES <= job->query_count; query += DOT_QUERIES) dot_row(job, row, query, DOT_QUERIES);
    for (; query < job->query_count; query++) dot_row(job, row, query, 1);
  }
}

/* The sum of all values: what reading them costs at least. `count` is a multiple of 64. */
static float sum(const float *values, ptrdiff_t count) {
  vec sums[4] = {{0}};
  for (ptrdiff_t i = 0; i < count; i += 4 * LANES)
    UNROLLED for (int lane = 0; lane < 4; lane++) sums[lane] += load(values + i + lane * LANES);
  return lane_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}
