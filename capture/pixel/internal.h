// What the parts of the decoder share: jpeg.c and raw.c get at a picture's planes, scale.c makes the result of them, decode.c
// puts them together.
#ifndef EDGED_PIXEL_INTERNAL_H
#define EDGED_PIXEL_INTERNAL_H

#include <turbojpeg.h>

#include "decode.h"

#define FOURCC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

// Planes of 8-bit Y'CbCr. With grey set only the first is there.
struct planes {
  const uint8_t *data[3];
  int stride[3];
  int width, height;  // of the luma plane
  int x, y;           // where in the picture the planes begin, in luma pixels
  int whole_width, whole_height;  // of the picture that they are a part of
  int hsub, vsub;     // luma columns and rows per chroma sample
  int grey;
  int rgb;            // the planes are R, G and B
};

// What the caller says of an uncompressed picture. stride 0 is unpadded.
struct raw {
  uint32_t fourcc;
  int width, height, stride;
};

// Memory that is kept from frame to frame.
struct room {
  uint8_t *data;
  size_t size;
};

// Part of a picture, in luma pixels.
struct rect {
  int x, y, width, height;
};

struct pixel_decoder {
  int width, height;  // of a result
  int count;          // of areas
  struct pixel_area areas[PIXEL_MAX_AREAS], shown[PIXEL_MAX_AREAS];
  uint32_t wanted;    // bit i: areas[i]
  int source_width, source_height;
  tjhandle jpeg;
  int jpeg_tables;    // the last picture came with Huffman tables
  struct room planes;     // of the decoded picture
  struct room sums;       // of a line of a plane on its way to the result's size
  struct room results;    // what follows
  uint8_t *scaled[3];     // planes of the result's size
  uint8_t *rgba;          // the result with a fourth byte to each pixel
  int timed;
  uint64_t decode_ns, scale_ns;
  char message[256];
};

// pixel_fail keeps the message and returns the status.
int pixel_fail(struct pixel_decoder *d, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

// pixel_reserve makes room for size bytes. Only a picture larger than all before it costs an allocation.
int pixel_reserve(struct pixel_decoder *d, struct room *room, size_t size);
void pixel_release(struct room *room);

// Both give planes that hold all wanted areas, in src or in d->planes. p comes zeroed.
int pixel_jpeg_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p);
int pixel_raw_planes(struct pixel_decoder *d, const struct raw *raw, const uint8_t *src, size_t size, struct planes *p);

// pixel_centre is the largest rectangle of the result's aspect in the middle of the area, its corner on a whole chroma sample.
struct rect pixel_centre(const struct pixel_decoder *d, int area, int width, int height, int hsub, int vsub);

// pixel_bounds holds all wanted areas' rectangles.
struct rect pixel_bounds(const struct pixel_decoder *d, int width, int height, int hsub, int vsub);

// pixel_planes_to_rgb scales the area's part of p to the result's size and converts it into dst.
int pixel_planes_to_rgb(struct pixel_decoder *d, int area, const struct planes *p, int colour, uint8_t *dst);

#endif
