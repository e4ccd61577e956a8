#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "pieces.h"

typedef struct {
    struct jpeg_error_mgr base; // first, so that libjpeg's pointer to it is a pointer to this
    jmp_buf refused;
    int code;
    codec_message *message;
    int maximum_scans;
} refusal;

static void refuse(j_common_ptr common) {
    refusal *r = (refusal *)common->err;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    snprintf(r->message->text, sizeof r->message->text, "%s", text);
    switch (common->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
        r->code = codec_out_of_memory;
        break;
    default:
        r->code = codec_corrupt;
    }
    longjmp(r->refused, 1);
}

// libjpeg only warns when data is missing or wrong, and paints the rest grey. A caption of grey is worse than a refusal,
// so all warnings refuse except those that leave every pixel as it was meant.
static void judge_message(j_common_ptr common, int level) {
    if (level >= 0) return; // traces
    switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA: // padding between segments
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
        return;
    default:
        refuse(common);
    }
}

static void print_nothing(j_common_ptr common) { (void)common; }

// Called between scans and rows; libjpeg has no limit of its own on the number of scans.
static void watch_scans(j_common_ptr common) {
    refusal *r = (refusal *)common->err;
    int scan = ((j_decompress_ptr)common)->input_scan_number;
    if (scan <= r->maximum_scans) return;
    snprintf(r->message->text, sizeof r->message->text, "more than %d scans", r->maximum_scans);
    r->code = codec_too_many_scans;
    longjmp(r->refused, 1);
}

static inline uint8_t multiply_255(unsigned a, unsigned b) {
    unsigned t = a * b + 128;
    return (uint8_t)(((t >> 8) + t) >> 8);
}

// Adobe stores ink inverted (255 is no ink) and says so only by the presence of its marker (libjpeg.txt, "Special color
// spaces"). The arithmetic is Pillow's.
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t width, int inverted) {
    unsigned flip = inverted ? 255 : 0;
    for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned light = 255 - (cmyk[3] ^ flip);
        rgb[0] = (uint8_t)(light - multiply_255(cmyk[0] ^ flip, light));
        rgb[1] = (uint8_t)(light - multiply_255(cmyk[1] ^ flip, light));
        rgb[2] = (uint8_t)(light - multiply_255(cmyk[2] ^ flip, light));
    }
}

typedef struct {
    struct jpeg_source_mgr base; // first, as in `refusal`
    pieces pieces;
} input;

static void offer_piece(input *i) {
    i->base.next_input_byte = i->pieces.next;
    i->base.bytes_in_buffer = i->pieces.count;
}

static boolean fill(j_decompress_ptr cinfo) {
    input *i = (input *)cinfo->src;
    // libjpeg's own sources warn of this and put an end marker there; the warning is one of those that refuse.
    if (!next_piece(&i->pieces)) ERREXIT(cinfo, JWRN_JPEG_EOF);
    offer_piece(i);
    return TRUE;
}

static void skip(j_decompress_ptr cinfo, long count) {
    if (count <= 0) return;
    struct jpeg_source_mgr *source = cinfo->src;
    size_t left = (size_t)count;
    while (left > source->bytes_in_buffer) {
        left -= source->bytes_in_buffer;
        fill(cinfo);
    }
    source->next_input_byte += left;
    source->bytes_in_buffer -= left;
}

static void do_nothing(j_decompress_ptr cinfo) { (void)cinfo; }

static void mismatch(refusal *r, const char *what) {
    snprintf(r->message->text, sizeof r->message->text, "%s", what);
    r->code = codec_mismatch;
    longjmp(r->refused, 1);
}

// Everything that may jump, in a frame of its own: no local of the frame that calls setjmp changes in between.
static void decode(
    j_decompress_ptr cinfo, struct jpeg_progress_mgr *progress, refusal *r, input *source,
    const codec_jpeg_request *request, uint8_t *rgb) {
    jpeg_create_decompress(cinfo); // clears all of cinfo except err
    cinfo->progress = progress;
    cinfo->mem->max_memory_to_use = request->maximum_memory;
    cinfo->src = &source->base;
    jpeg_read_header(cinfo, TRUE);
    if (cinfo->image_width != (JDIMENSION)request->width || cinfo->image_height != (JDIMENSION)request->height)
        mismatch(r, "two different sizes are declared");

    int cmyk = cinfo->jpeg_color_space == JCS_CMYK || cinfo->jpeg_color_space == JCS_YCCK;
    cinfo->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->do_fancy_upsampling = TRUE;
    cinfo->scale_num = 1;
    cinfo->scale_denom = (unsigned)request->scale_denominator;
    jpeg_start_decompress(cinfo);
    if (cinfo->output_width != (JDIMENSION)request->output_width
        || cinfo->output_height != (JDIMENSION)request->output_height
        || cinfo->output_components != (cmyk ? 4 : 3))
        mismatch(r, "the decoder offers another size than asked");

    size_t width = cinfo->output_width, row_bytes = width * 3;
    if (cmyk) {
        JSAMPARRAY row = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE, (JDIMENSION)(width * 4), 1);
        while (cinfo->output_scanline < cinfo->output_height) {
            uint8_t *line = rgb + cinfo->output_scanline * row_bytes;
            if (jpeg_read_scanlines(cinfo, row, 1) == 1) cmyk_to_rgb(row[0], line, width, cinfo->saw_Adobe_marker);
        }
    } else {
        while (cinfo->output_scanline < cinfo->output_height) {
            // libjpeg hands out as many rows at once as its largest sampling factor makes natural: at most 4.
            JSAMPROW lines[4];
            JDIMENSION left = cinfo->output_height - cinfo->output_scanline, wanted = left < 4 ? left : 4;
            for (JDIMENSION i = 0; i < wanted; i++) lines[i] = rgb + (cinfo->output_scanline + i) * row_bytes;
            jpeg_read_scanlines(cinfo, lines, wanted);
        }
    }
    jpeg_finish_decompress(cinfo);
}

int codec_jpeg_decode(
    const codec_source *source, const codec_jpeg_request *request, uint8_t *rgb, codec_message *message) {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_progress_mgr progress;
    refusal r;
    input i;
    memset(&cinfo, 0, sizeof cinfo); // jpeg_destroy of a structure that was never created does nothing
    memset(&progress, 0, sizeof progress);
    memset(&r, 0, sizeof r);
    message->text[0] = 0;
    r.message = message;
    r.maximum_scans = request->maximum_scans;
    cinfo.err = jpeg_std_error(&r.base);
    r.base.error_exit = refuse;
    r.base.emit_message = judge_message;
    r.base.output_message = print_nothing;
    progress.progress_monitor = watch_scans;
    i.base.init_source = do_nothing;
    i.base.fill_input_buffer = fill;
    i.base.skip_input_data = skip;
    i.base.resync_to_restart = jpeg_resync_to_restart;
    i.base.term_source = do_nothing;
    first_piece(&i.pieces, source);
    offer_piece(&i);
    if (setjmp(r.refused) == 0) {
        decode(&cinfo, &progress, &r, &i, request, rgb);
    }
    jpeg_destroy_decompress(&cinfo);
    return r.code;
}
