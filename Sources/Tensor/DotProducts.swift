import CKernels

/// Dot products of many rows with a few queries: the scores of an exact search.
///
/// A score's last bit depends on its row, its query and the kernel set alone, not on what is computed beside it.
public enum DotProducts {
    /// What the width of rows and queries is rounded up to, with zeros, which change no product.
    public static let widthMultiple = 16

    /// The smallest width that rows of `dimension` elements fit.
    public static func width(for dimension: Int) -> Int {
        (dimension + widthMultiple - 1) / widthMultiple * widthMultiple
    }

    /// scores[query, row] = rows[row] · queries[query], on the calling thread.
    /// - Parameters:
    ///   - rows: [rowCount, width], contiguous.
    ///   - queries: [queryCount, width], contiguous.
    ///   - width: a multiple of `widthMultiple`.
    ///   - scores: [queryCount, scoresStride], of which the first `rowCount` of each row are written.
    public static func apply(
        _ rows: UnsafePointer<Float>, rowCount: Int, queries: UnsafePointer<Float>, queryCount: Int, width: Int,
        into scores: UnsafeMutablePointer<Float>, scoresStride: Int, kernels: KernelSet = .best
    ) {
        var job = sensorium_dots(
            rows: rows, row_count: rowCount, queries: queries, query_count: queryCount, width: width, scores: scores,
            scores_stride: scoresStride)
        kernels.table.pointee.dots(&job)
    }

    /// The sum of `count` values, a multiple of 64: the least work that still reads them all, against which a search is
    /// measured.
    public static func sum(_ values: UnsafePointer<Float>, count: Int, kernels: KernelSet = .best) -> Float {
        kernels.table.pointee.sum(values, count)
    }
}
