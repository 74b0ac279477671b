// Decoding of one camera picture into RGB of a fixed size: of the whole picture, or of several of its parts. No function keeps a
// pointer to the memory of its arguments.
#ifndef EDGED_PIXEL_DECODE_H
#define EDGED_PIXEL_DECODE_H

#include <stddef.h>
#include <stdint.h>

// A picture with a longer side is refused before anything is decoded or allocated.
#define PIXEL_MAX_SIDE 8192
// A JPEG of more pixels is refused too: its planes take up to 3 bytes for each pixel.
#define PIXEL_MAX_JPEG_AREA (1 << 24)
// A JPEG in several scans (a progressive one) takes 9 bytes for each pixel, and the time of a whole picture for each scan.
#define PIXEL_MAX_SCANS_AREA (1 << 21)
#define PIXEL_MAX_SCANS 32
// A longer line, in bytes, is refused too: the size of three planes of such lines must fit into 32 bits, which is all that size_t
// has on armv7.
#define PIXEL_MAX_STRIDE (1 << 16)
// Both numbers of a pixel's shape are at most this.
#define PIXEL_MAX_ASPECT 65535

enum pixel_status {
  PIXEL_OK = 0,
  PIXEL_CORRUPT,      // this frame is damaged: drop it
  PIXEL_UNSUPPORTED,  // no frame of this kind can be decoded
  PIXEL_FAILED,       // out of memory, or a buffer of the wrong size
};

// How Y'CbCr is encoded; 0 is BT.601 in the limited range of video.
enum pixel_colour { PIXEL_FULL_RANGE = 1, PIXEL_BT709 = 2 };

// How a picture lies in memory, and how it is meant to be shown.
struct pixel_format {
  uint32_t fourcc;
  int width, height;  // pixels; for a JPEG: what the camera was set to, 0 where nobody knows
  int stride;         // bytes of a line, of the luma plane where there are several; 0 without padding; not for JPEG
  int colour;         // a set of pixel_colour; not for JPEG
  // The rest is 0 where the picture is shown as it is, with square pixels. A JPEG's own header counts where it is 0.
  int pixel_width, pixel_height;         // shape of one pixel as a ratio
  int crop_left, crop_top, crop_right, crop_bottom;  // pixels at each side that do not belong to the picture
  int orientation;                       // 1 to 8 as in EXIF
};

struct pixel_decoder;

// A part of the picture as it is shown, in fractions of it.
struct pixel_area {
  double x, y, width, height;
};

#define PIXEL_MAX_AREAS 32

// pixel_new makes a decoder for RGB pictures of width x height, one for each of the areas (1 to PIXEL_MAX_AREAS). It returns NULL
// when memory is short.
struct pixel_decoder *pixel_new(int width, int height, int count, const struct pixel_area *areas);
void pixel_free(struct pixel_decoder *d);

// pixel_wipe overwrites all memory that held pictures.
void pixel_wipe(struct pixel_decoder *d);

// pixel_decode writes the centre of each area, cropped to the decoder's aspect and scaled, into dst: [areas,height,width,3] RGB,
// row-major, no padding. Only areas whose bit is set in selected are written; the others' part of dst stays as it is. Unless the
// status is PIXEL_OK, dst is undefined and pixel_message says why.
int pixel_decode(struct pixel_decoder *d, const struct pixel_format *format, const uint8_t *src, size_t src_size, uint32_t selected,
                 uint8_t *dst, size_t dst_size);

// pixel_source gives the size of the last picture that was decoded, cropped and turned as it is shown, before any scaling.
void pixel_source(const struct pixel_decoder *d, int *width, int *height);

// pixel_shown gives the part of that picture, in fractions of it, that the last result for the area shows.
struct pixel_area pixel_shown(const struct pixel_decoder *d, int area);

// pixel_message is the reason for the last status that was not PIXEL_OK. It is valid until the next call.
const char *pixel_message(const struct pixel_decoder *d);

// pixel_timing switches the two clocks of pixel_times on or off. They count nanoseconds of CPU time: for the planes (entropy decoding
// and inverse DCT, or unpacking), and for scaling and colour conversion.
void pixel_timing(struct pixel_decoder *d, int on);
void pixel_times(const struct pixel_decoder *d, uint64_t *decode_ns, uint64_t *scale_ns);

// pixel_jpeg_format completes a format by what the JPEG's header says. It returns whether src begins with such a header.
int pixel_jpeg_format(const uint8_t *src, size_t size, struct pixel_format *format);

#endif
