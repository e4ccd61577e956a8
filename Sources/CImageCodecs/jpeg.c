#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "pieces.h"
#include "pixels.h"

typedef struct {
    struct jpeg_error_mgr base; // first, so that libjpeg's pointer to it is a pointer to this
    jmp_buf refused;
    int code;
    codec_message *message;
    int maximum_scans;
    int has_ended;       // the file ended without an end marker
    unsigned components; // one bit for each that a scan had
    JOCTET *profile;     // what the pieces make
    unsigned profile_bytes;
    colours *inks; // by which they become colours; may be NULL
    strip strip;
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

// libjpeg only warns when data is missing or wrong, and paints the rest grey. A caption of grey is worse than a refusal. So
// each of its warnings (jerror.h, those that begin with JWRN) is sorted here, by whether every pixel is as it was meant when
// it comes. One that is in no line refuses, and so do those of libraries to come.
typedef enum { something_is_missing, all_is_there, all_may_be_there } verdict;

static const struct {
    int code;
    verdict verdict;
} warnings[] = {
    {JWRN_ADOBE_XFORM, all_is_there},           // an Adobe marker of an unknown kind: the usual one is taken
    {JWRN_BOGUS_ICC, all_is_there},             // a profile in pieces that do not fit together
    {JWRN_EXTRANEOUS_DATA, all_is_there},       // padding between segments
    {JWRN_JFIF_MAJOR, all_is_there},            // a revision of JFIF beyond 1
    {JWRN_NOT_SEQUENTIAL, all_is_there},        // a baseline scan that names no coefficients: all are in it (Samsung)
    {JWRN_JPEG_EOF, all_may_be_there},          // no end marker: see `is_complete`
    {JWRN_ARITH_BAD_CODE, something_is_missing},
    {JWRN_BOGUS_PROGRESSION, something_is_missing}, // a scan refines what never came
    {JWRN_HIT_MARKER, something_is_missing},    // a scan ends before its last block
    {JWRN_HUFF_BAD_CODE, something_is_missing},
    {JWRN_MUST_RESYNC, something_is_missing},   // a restart marker is not where it should be
    {JWRN_TOO_MUCH_DATA, something_is_missing}, // only an encoder says that
};

static verdict verdict_of(int code) {
    for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++)
        if (warnings[i].code == code) return warnings[i].verdict;
    return something_is_missing;
}

static void judge_message(j_common_ptr common, int level) {
    if (level >= 0) return; // traces
    if (verdict_of(common->err->msg_code) == something_is_missing) refuse(common);
}

static void print_nothing(j_common_ptr common) { (void)common; }

static void note_components(j_decompress_ptr cinfo) {
    refusal *r = (refusal *)cinfo->err;
    for (int i = 0; i < cinfo->comps_in_scan; i++) r->components |= 1u << cinfo->cur_comp_info[i]->component_index;
}

// Whether every scan that the image needs was there, when the file is read. In one scan that is all of the image, a byte too
// few is a warning of its own. In several, a colour without a scan would be painted as if it were grey, without a word.
static int is_complete(j_decompress_ptr cinfo) {
    refusal *r = (refusal *)cinfo->err;
    if (r->components != (1u << cinfo->num_components) - 1) return 0;
    if (!r->has_ended) return 1;
    // Zeros at the end of arithmetic coding need not be written (ITU-T T.81, D.1.8): what a cut took looks like them.
    if (cinfo->arith_code) return 0;
    if (!cinfo->progressive_mode) return 1;
    // Scans may be missing that would have refined the image: none can where every coefficient has its last bit.
    for (int c = 0; c < cinfo->num_components; c++)
        for (int k = 0; k < DCTSIZE2; k++)
            if (cinfo->coef_bits[c][k] != 0) return 0;
    return 1;
}

// Called between scans and rows; libjpeg has no limit of its own on the number of scans.
static void watch_scans(j_common_ptr common) {
    refusal *r = (refusal *)common->err;
    j_decompress_ptr cinfo = (j_decompress_ptr)common;
    note_components(cinfo);
    if (cinfo->input_scan_number <= r->maximum_scans) return;
    snprintf(r->message->text, sizeof r->message->text, "more than %d scans", r->maximum_scans);
    r->code = codec_too_many_scans;
    longjmp(r->refused, 1);
}

// Adobe stores ink inverted (255 is no ink) and says so only by the presence of its marker (libjpeg.txt, "Special color
// spaces").
static void write_inks(j_decompress_ptr cinfo, uint8_t *cmyk, uint8_t *rgb, size_t width) {
    const refusal *r = (refusal *)cinfo->err;
    if (cinfo->saw_Adobe_marker)
        for (size_t i = 0; i < width * 4; i++) cmyk[i] ^= 255;
    if (r->inks != NULL) colours_of_inks(r->inks, cmyk, rgb, width);
    else inks_to_rgb(cmyk, rgb, width);
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
    static const JOCTET end[] = {0xFF, JPEG_EOI};
    input *i = (input *)cinfo->src;
    refusal *r = (refusal *)cinfo->err;
    if (next_piece(&i->pieces)) {
        offer_piece(i);
        return TRUE;
    }
    // As in libjpeg's own sources.
    WARNMS(cinfo, JWRN_JPEG_EOF);
    r->has_ended = 1;
    i->base.next_input_byte = end;
    i->base.bytes_in_buffer = sizeof end;
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

static _Noreturn void fail(refusal *r, int code, const char *why) {
    snprintf(r->message->text, sizeof r->message->text, "%s", why);
    r->code = code;
    longjmp(r->refused, 1);
}

// Everything that may jump, in a frame of its own: no local of the frame that calls setjmp changes in between.
static void decode(
    j_decompress_ptr cinfo, struct jpeg_progress_mgr *progress, refusal *r, input *source,
    const codec_jpeg_request *request, const codec_sink *sink) {
    jpeg_create_decompress(cinfo); // clears all of cinfo except err
    cinfo->progress = progress;
    cinfo->mem->max_memory_to_use = request->maximum_memory;
    cinfo->src = &source->base;
    jpeg_save_markers(cinfo, JPEG_APP0 + 2, 0xFFFF); // where profiles are, in pieces
    jpeg_read_header(cinfo, TRUE);
    if (cinfo->image_width != (JDIMENSION)request->width || cinfo->image_height != (JDIMENSION)request->height)
        fail(r, codec_mismatch, "two different sizes are declared");

    int cmyk = cinfo->jpeg_color_space == JCS_CMYK || cinfo->jpeg_color_space == JCS_YCCK;
    cinfo->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->do_fancy_upsampling = TRUE;
    jpeg_start_decompress(cinfo);
    if (cinfo->output_width != cinfo->image_width || cinfo->output_height != cinfo->image_height
        || cinfo->output_components != (cmyk ? 4 : 3))
        fail(r, codec_mismatch, "the decoder offers another size than asked");
    // Several scans are all read by now. One is read with the rows: nothing behind the last of them belongs to the image.
    note_components(cinfo);
    if (!is_complete(cinfo)) fail(r, codec_corrupt, "it ends too early");

    colours *colours = NULL;
    storage storage = cmyk ? stored_as_inks
                           : cinfo->jpeg_color_space == JCS_GRAYSCALE ? stored_as_grey : stored_as_colours;
    if (jpeg_read_icc_profile(cinfo, &r->profile, &r->profile_bytes))
        colours = colours_begin(r->profile, r->profile_bytes, storage);
    if (cmyk) r->inks = colours;
    if (!strip_begin(&r->strip, sink, request->width, request->height, cmyk ? NULL : colours))
        fail(r, codec_out_of_memory, "out of memory");
    size_t width = cinfo->output_width;
    if (cmyk) {
        JSAMPARRAY row = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE, (JDIMENSION)(width * 4), 1);
        while (cinfo->output_scanline < cinfo->output_height) {
            if (jpeg_read_scanlines(cinfo, row, 1) != 1) continue;
            write_inks(cinfo, row[0], strip_row(&r->strip), width);
            strip_advance(&r->strip, 1);
        }
    } else {
        while (cinfo->output_scanline < cinfo->output_height) {
            // libjpeg hands out as many rows at once as its largest sampling factor makes natural: at most 4.
            JSAMPROW lines[4];
            JDIMENSION left = cinfo->output_height - cinfo->output_scanline, wanted = left < 4 ? left : 4;
            for (JDIMENSION i = 0; i < wanted; i++) lines[i] = strip_row(&r->strip) + i * width * 3;
            strip_advance(&r->strip, (int32_t)jpeg_read_scanlines(cinfo, lines, wanted));
        }
    }
    // The end of arithmetic coding is known by its marker alone.
    if (cinfo->arith_code) jpeg_finish_decompress(cinfo);
    if (!is_complete(cinfo)) fail(r, codec_corrupt, "it ends too early");
}

int codec_jpeg_decode(
    const codec_source *source, const codec_jpeg_request *request, const codec_sink *sink, codec_message *message) {
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
        decode(&cinfo, &progress, &r, &i, request, sink);
    }
    jpeg_destroy_decompress(&cinfo);
    strip_free(&r.strip);
    if (r.inks != NULL) colours_end(r.inks);
    free(r.profile);
    return r.code;
}
