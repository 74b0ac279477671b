// What the parts of the decoder share. jpeg.c and raw.c find a picture's planes, geometry.c says which part of them a result shows,
// scale.c makes the result, decode.c puts all of it together.
#ifndef EDGED_PIXEL_INTERNAL_H
#define EDGED_PIXEL_INTERNAL_H

#include <turbojpeg.h>

#include "decode.h"

#define FOURCC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

// Planes of 8-bit Y'CbCr, as the camera sent them: neither cropped nor turned.
struct planes {
  const uint8_t *data[3];
  int stride[3];
  int width, height;              // of the luma plane
  int x, y;                       // where in the picture the planes begin, in luma pixels
  int whole_width, whole_height;  // of the picture; the planes may hold only a part of it
  int hsub, vsub;                 // luma columns and rows per chroma sample
  int grey;                       // there is only the first plane
  int rgb;                        // the planes are R, G and B
};

// Memory that is kept from frame to frame.
struct room {
  uint8_t *data;
  size_t size;
};

// A part of the planes, in luma pixels.
struct rect {
  int x, y, width, height;
};

struct pixel_decoder {
  int width, height;  // of a result
  int count;          // of areas
  struct pixel_area areas[PIXEL_MAX_AREAS], shown[PIXEL_MAX_AREAS];
  uint32_t selected;              // bit i: areas[i]
  struct pixel_format format;   // of the present picture
  struct pixel_area visible;    // what the crop leaves of it, in fractions
  int lying_width, lying_height;  // a result's size before it is turned
  tjhandle jpeg;
  int jpeg_tables;    // the last picture came with Huffman tables
  struct room planes;     // of the decoded picture
  struct room sums;       // of a line of a plane that is being scaled
  struct room results;    // holds the next three
  uint8_t *scaled[3];     // planes of the result's size
  uint8_t *rgba;          // the result with a fourth byte for each pixel
  uint8_t *lying;         // the result before it is turned
  int timed;
  uint64_t decode_ns, scale_ns;
  char message[256];
};

// pixel_fail keeps the message and returns the status.
int pixel_fail(struct pixel_decoder *d, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

// pixel_reserve makes room for size bytes. It allocates only for a picture larger than all before it.
int pixel_reserve(struct pixel_decoder *d, struct room *room, size_t size);
void pixel_release(struct room *room);

// Both functions find the planes that hold all selected areas, in src or in d->planes. p comes zeroed.
int pixel_jpeg_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p);
int pixel_raw_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p);

// pixel_look checks and keeps how the picture is meant to be shown. d->format must be complete.
int pixel_look(struct pixel_decoder *d);

// pixel_centre is the part of the planes that a result shows: the largest rectangle of the result's aspect in the middle of the
// area, its corner on a whole chroma sample. width and height are the planes' own.
struct rect pixel_centre(const struct pixel_decoder *d, int area, int width, int height, int hsub, int vsub);

// pixel_bounds holds the rectangles of all selected areas.
struct rect pixel_bounds(const struct pixel_decoder *d, int width, int height, int hsub, int vsub);

// pixel_place is where a rectangle of the planes lies in the picture as it is shown, in fractions of it.
struct pixel_area pixel_place(const struct pixel_decoder *d, struct rect r, int width, int height);

// pixel_turn writes a result of lying_width x lying_height into dst as it is shown.
void pixel_turn(const struct pixel_decoder *d, const uint8_t *lying, uint8_t *dst);

// pixel_planes_to_rgb scales the area's part of p to the result's size and converts it into dst.
int pixel_planes_to_rgb(struct pixel_decoder *d, int area, const struct planes *p, int colour, uint8_t *dst);

// What a JPEG's segments say before its first scan.
struct jpeg_head {
  int tables;  // it brings Huffman tables
  int scans;   // it may have several scans: then the decoder keeps all coefficients until the last
  int pixel_width, pixel_height;  // JFIF's density as the shape of a pixel; 0 where it says nothing
  int orientation;                // EXIF's; 0 where it says nothing
};

struct jpeg_head pixel_jpeg_head(const uint8_t *src, size_t size);

#endif
