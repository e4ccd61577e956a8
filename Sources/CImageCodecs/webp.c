#include "CImageCodecs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "pieces.h"
#include "pixels.h"
#include "whole_file.h"

static int refuse(codec_message *message, int code, const char *text) {
    snprintf(message->text, sizeof message->text, "%s", text);
    return code;
}

static int refuse_status(codec_message *message, VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return refuse(message, codec_out_of_memory, "out of memory");
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return refuse(message, codec_corrupt, "it ends too early");
    case VP8_STATUS_UNSUPPORTED_FEATURE: return refuse(message, codec_corrupt, "it uses what no decoder reads");
    default: return refuse(message, codec_corrupt, "its pixels are damaged");
    }
}

// The rows of the canvas: white, and on it the frame.
static int hand_over(
    const WebPIterator *frame, const uint8_t *pixels, size_t channels, const codec_webp_request *request,
    const codec_sink *sink, colours *colours, codec_message *message) {
    strip strip;
    int has_memory = strip_begin(&strip, sink, request->width, request->height, colours);
    size_t row_bytes = (size_t)frame->width * channels;
    for (int y = 0; has_memory && y < request->height; y++) {
        uint8_t *row = strip_row(&strip);
        int inside = y - frame->y_offset;
        if (frame->width < request->width || inside < 0 || inside >= frame->height) memset(row, 255, strip.row_bytes);
        if (inside >= 0 && inside < frame->height) {
            const uint8_t *source = pixels + (size_t)inside * row_bytes;
            uint8_t *target = row + (size_t)frame->x_offset * 3;
            if (channels == 3) memcpy(target, source, row_bytes);
            else rgba_over_white(source, target, (size_t)frame->width);
        }
        strip_advance(&strip, 1);
    }
    strip_free(&strip);
    return has_memory ? codec_ok : refuse(message, codec_out_of_memory, "out of memory");
}

static colours *profile(const WebPDemuxer *demuxer) {
    WebPChunkIterator chunk;
    if (!WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk)) return NULL;
    colours *colours = colours_begin(chunk.chunk.bytes, chunk.chunk.size, stored_as_colours);
    WebPDemuxReleaseChunkIterator(&chunk);
    return colours;
}

static int decode_frame(
    const WebPDemuxer *demuxer, const WebPIterator *frame, const codec_webp_request *request, const codec_sink *sink,
    codec_message *message) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return refuse(message, codec_corrupt, "the library is of another version");
    VP8StatusCode status = WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, &config.input);
    if (status != VP8_STATUS_OK) return refuse_status(message, status);
    if (config.input.width != frame->width || config.input.height != frame->height)
        return refuse(message, codec_mismatch, "two different sizes are declared");
    size_t channels = config.input.has_alpha ? 4 : 3, count = (size_t)frame->width * (size_t)frame->height * channels;
    uint8_t *pixels = malloc(count);
    if (pixels == NULL) return refuse(message, codec_out_of_memory, "out of memory");
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = pixels;
    config.output.u.RGBA.stride = frame->width * (int)channels;
    config.output.u.RGBA.size = count;
    status = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    int code = status == VP8_STATUS_OK ? hand_over(frame, pixels, channels, request, sink, profile(demuxer), message)
                                       : refuse_status(message, status);
    WebPFreeDecBuffer(&config.output);
    free(pixels);
    return code;
}

static int decode(
    const whole_file *file, const codec_webp_request *request, const codec_sink *sink, codec_message *message) {
    WebPData data = {file->bytes, file->count};
    WebPDemuxState state;
    // What is behind the first frame may be cut.
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    if (demuxer == NULL)
        return refuse(message, codec_corrupt, state == WEBP_DEMUX_PARSE_ERROR ? "its chunks are damaged" : "it ends too early");
    int width = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    int height = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    WebPIterator frame;
    int code;
    if (!WebPDemuxGetFrame(demuxer, 1, &frame)) {
        code = refuse(message, codec_corrupt, "it ends too early");
    } else {
        if (width != request->width || height != request->height)
            code = refuse(message, codec_mismatch, "two different sizes are declared");
        else if (frame.x_offset < 0 || frame.y_offset < 0 || frame.width > width - frame.x_offset
                 || frame.height > height - frame.y_offset)
            code = refuse(message, codec_corrupt, "its first frame sticks out");
        else code = decode_frame(demuxer, &frame, request, sink, message);
        WebPDemuxReleaseIterator(&frame);
    }
    WebPDemuxDelete(demuxer);
    return code;
}

int codec_webp_decode(
    const codec_source *source, const codec_webp_request *request, const codec_sink *sink, codec_message *message) {
    message->text[0] = 0;
    whole_file file;
    int code = whole_file_read(&file, source) ? decode(&file, request, sink, message)
                                              : refuse(message, codec_out_of_memory, "out of memory");
    whole_file_free(&file);
    return code;
}
