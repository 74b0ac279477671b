#include <libyuv/convert_argb.h>
#include <libyuv/convert_from_argb.h>
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#include <string.h>

#include "internal.h"

struct rect pixel_centre(const struct pixel_decoder *d, int width, int height, int hsub, int vsub) {
  int64_t w = width, h = height;
  if (w * d->height > h * d->width) {
    w = (h * d->width + d->height / 2) / d->height;
  } else {
    h = (w * d->height + d->width / 2) / d->width;
  }
  if (w < 1) w = 1;
  if (h < 1) h = 1;
  return (struct rect){(width - (int)w) / 2 / hsub * hsub, (height - (int)h) / 2 / vsub * vsub, (int)w, (int)h};
}

void pixel_crop(const struct pixel_decoder *d, struct planes *p) {
  struct rect r = pixel_centre(d, p->width, p->height, p->hsub, p->vsub);
  p->data[0] += (size_t)r.y * p->stride[0] + r.x;
  for (int i = 1; i < 3 && !p->grey; i++) p->data[i] += (size_t)(r.y / p->vsub) * p->stride[i] + r.x / p->hsub;
  p->width = r.width;
  p->height = r.height;
}

struct plane {
  const uint8_t *data;
  int stride, width, height;
};

// halve replaces a plane by one of half its width and height, kept in d->halves[into].
static int halve(struct pixel_decoder *d, int into, struct plane *p) {
  int w = (p->width + 1) / 2, h = (p->height + 1) / 2;
  int status = pixel_reserve(d, &d->halves[into], (size_t)w * h);
  if (status) return status;
  ScalePlane(p->data, p->stride, p->width, p->height, d->halves[into].data, w, w, h, kFilterBox);
  *p = (struct plane){d->halves[into].data, w, w, h};
  return PIXEL_OK;
}

// scale brings one plane to the result's size. libyuv's box filter takes whole source pixels only: at 2.1 to 1 some of its
// boxes are half as wide again as others, and lines jump about. Halving first, down to where libyuv interpolates, is
// twice as near to the true average, and faster; where the ratio is a whole number the boxes are right as they are.
static int scale(struct pixel_decoder *d, struct plane p, uint8_t *dst) {
  for (int into = 0; p.width > 2 * d->width && p.height > 2 * d->height; into = !into) {
    if (p.width % d->width == 0 && p.height % d->height == 0) break;
    int status = halve(d, into, &p);
    if (status) return status;
  }
  ScalePlane(p.data, p.stride, p.width, p.height, dst, d->width, d->width, d->height, kFilterBox);
  return PIXEL_OK;
}

// convert makes RGB of the scaled planes, by way of four bytes a pixel: libyuv has the direct way only since 2022-09, and
// Ubuntu 22.04 has it of 2021-12. It names byte orders from the top of a little-endian word: its RGB24 is B,G,R in memory.
// Cr and Cb swapped under the mirrored matrix make it R,G,B.
static int convert(struct pixel_decoder *d, int colour, uint8_t *dst) {
  int w = d->width, h = d->height;
  // By PIXEL_FULL_RANGE and PIXEL_BT709. libyuv calls JFIF's BT.601 in full range JPEG, and BT.709 in full range F709.
  const struct YuvConstants *matrices[4] = {&kYvuI601Constants, &kYvuJPEGConstants, &kYvuH709Constants, &kYvuF709Constants};
  const struct YuvConstants *matrix = matrices[colour & 3];
  if (I444ToARGBMatrix(d->scaled[0], w, d->scaled[2], w, d->scaled[1], w, d->rgba, 4 * w, matrix, w, h) ||
      ARGBToRGB24(d->rgba, 4 * w, dst, 3 * w, w, h)) {
    return pixel_fail(d, PIXEL_FAILED, "colour conversion to %dx%d refused", w, h);
  }
  return PIXEL_OK;
}

// The planes are scaled to the result's size before the colour conversion: it then runs over the few pixels that stay.
int pixel_planes_to_rgb(struct pixel_decoder *d, const struct planes *p, int colour, uint8_t *dst) {
  int w = d->width, h = d->height;
  int status = scale(d, (struct plane){p->data[0], p->stride[0], p->width, p->height}, d->scaled[0]);
  int cw = (p->width + p->hsub - 1) / p->hsub, ch = (p->height + p->vsub - 1) / p->vsub;
  for (int i = 1; i < 3 && !status && !p->grey; i++) {
    status = scale(d, (struct plane){p->data[i], p->stride[i], cw, ch}, d->scaled[i]);
  }
  if (status) return status;
  if (p->grey) memset(d->scaled[1], 128, 2 * (size_t)w * h);
  if (p->rgb) {
    MergeRGBPlane(d->scaled[0], w, d->scaled[1], w, d->scaled[2], w, dst, 3 * w, w, h);
    return PIXEL_OK;
  }
  return convert(d, colour, dst);
}
