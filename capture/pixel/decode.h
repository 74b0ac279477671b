// Decoding of one camera picture into RGB of a fixed size, of the whole or of several of its parts. No function keeps a pointer to its arguments' memory.
#ifndef EDGED_PIXEL_DECODE_H
#define EDGED_PIXEL_DECODE_H

#include <stddef.h>
#include <stdint.h>

// A side longer than this is refused before anything is decoded or allocated.
#define PIXEL_MAX_SIDE 8192
// So is a JPEG of more pixels: its planes take up to 3 bytes for each.
#define PIXEL_MAX_JPEG_AREA (1 << 24)
// One in several scans, as progressive ones are, takes 9, and the time of a picture for each scan.
#define PIXEL_MAX_SCANS_AREA (1 << 21)
#define PIXEL_MAX_SCANS 32
// A longer line, in bytes, is refused too: three planes of such lines must have a size that 32 bits hold, as size_t has
// on armv7.
#define PIXEL_MAX_STRIDE (1 << 16)

enum pixel_status {
  PIXEL_OK = 0,
  PIXEL_CORRUPT,      // this frame is damaged: drop it
  PIXEL_UNSUPPORTED,  // no frame of this kind can be decoded
  PIXEL_FAILED,       // out of memory, or a buffer of the wrong size
};

// How Y'CbCr is to be read; 0 is BT.601 in the limited range of video.
enum pixel_colour { PIXEL_FULL_RANGE = 1, PIXEL_BT709 = 2 };

struct pixel_decoder;

// A part of a picture, in fractions of it.
struct pixel_area {
  double x, y, width, height;
};

#define PIXEL_MAX_AREAS 32

// pixel_new makes a decoder for RGB pictures of width x height, one of each of the areas (1 to PIXEL_MAX_AREAS), or returns
// NULL when memory is short.
struct pixel_decoder *pixel_new(int width, int height, int count, const struct pixel_area *areas);
void pixel_free(struct pixel_decoder *d);

// pixel_wipe leaves nothing of the pictures that were decoded.
void pixel_wipe(struct pixel_decoder *d);

// pixel_decode writes each area's centre crop, scaled, into dst: [areas,height,width,3] RGB, row-major, no padding. Bit i of
// wanted says whether area i is wanted; the others' part of dst stays as it is.
// stride is that of the luma plane or of the packed line, 0 for unpadded; it means nothing for JPEG, and neither does
// colour; width and height are then what the camera was set to, 0 where that is not known. On anything but PIXEL_OK dst is undefined
// and pixel_message says why.
int pixel_decode(struct pixel_decoder *d, uint32_t fourcc, int width, int height, int stride, int colour,
                 const uint8_t *src, size_t src_size, uint32_t wanted, uint8_t *dst, size_t dst_size);

// pixel_source gives the size of the last picture that was decoded, before any scaling or cropping.
void pixel_source(const struct pixel_decoder *d, int *width, int *height);

// pixel_shown gives the part of that picture, in fractions of it, that was last written for the area.
struct pixel_area pixel_shown(const struct pixel_decoder *d, int area);

// pixel_message is the reason for the last status that was not PIXEL_OK; valid until the next call.
const char *pixel_message(const struct pixel_decoder *d);

// pixel_timing switches on the two clocks that pixel_times reads: nanoseconds of CPU spent so far in getting at planes
// (entropy decoding and inverse DCT, or unpacking) and in scaling and colour conversion.
void pixel_timing(struct pixel_decoder *d, int on);
void pixel_times(const struct pixel_decoder *d, uint64_t *decode_ns, uint64_t *scale_ns);

#endif
