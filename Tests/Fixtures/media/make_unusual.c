// Writes JPEGs that neither Pillow nor imagecodecs can: cc make_unusual.c -ljpeg && ./a.out < 420.ppm
// (libjpeg-turbo 2.1.5). make_golden.py runs it.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

static void write_jpeg(
    const char *path, unsigned char *rgb, int width, int height, int arithmetic, const jpeg_scan_info *scans, int count) {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    FILE *file = fopen(path, "wb");
    if (file == NULL) exit(1);
    jpeg_stdio_dest(&cinfo, file);
    cinfo.image_width = (JDIMENSION)width;
    cinfo.image_height = (JDIMENSION)height;
    cinfo.input_components = 3;
    cinfo.in_color_space = JCS_RGB;
    jpeg_set_defaults(&cinfo);
    cinfo.arith_code = arithmetic;
    cinfo.scan_info = scans;
    cinfo.num_scans = count;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < cinfo.image_height) {
        JSAMPROW row = rgb + (size_t)cinfo.next_scanline * (size_t)width * 3;
        jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    fclose(file);
}

int main(void) {
    int width, height;
    if (scanf("P6 %d %d 255", &width, &height) != 2) return 1;
    getchar();
    size_t size = (size_t)width * (size_t)height * 3;
    unsigned char *rgb = malloc(size);
    if (rgb == NULL || fread(rgb, 1, size, stdin) != size) return 1;
    // Progressive by frequency alone: each scan may come again and again without contradicting another.
    static const jpeg_scan_info spectral[] = {
        {3, {0, 1, 2}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 0}, {1, {1}, 1, 63, 0, 0}, {1, {2}, 1, 63, 0, 0},
    };
    // Sequential, one component after the other.
    static const jpeg_scan_info separate[] = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    write_jpeg("arithmetic.jpg", rgb, width, height, 1, NULL, 0);
    write_jpeg("spectral.jpg", rgb, width, height, 0, spectral, 4);
    write_jpeg("separate.jpg", rgb, width, height, 0, separate, 3);
    free(rgb);
    return 0;
}
