#include <libyuv/convert_argb.h>
#include <libyuv/convert_from_argb.h>
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#include <string.h>

#include "internal.h"

struct plane {
  const uint8_t *data;
  int stride, width, height;
};

// share is the weight, of 256, of the i-th of `from` samples in the n-th of `to` results. The weights of a result add up to 256.
static uint16_t share(int n, int to, int i, int from) {
  int begin = (i * to - n * from) * 256, end = begin + to * 256, whole = from * 256;
  if (begin < 0) begin = 0;
  if (end > whole) end = whole;
  return (uint16_t)((end + from / 2) / from - (begin + from / 2) / from);
}

// average shrinks a plane to w x h pixels. Each is the exact average of what it covers. libyuv's box filter takes only whole source
// pixels, and below 2 to 1 it interpolates between neighbours, so that thin lines flicker.
static int average(struct pixel_decoder *d, struct plane p, uint8_t *dst, int w, int h) {
  enum { PARTS = 4096 };  // of a sample: the precision of a result's edges
  size_t columns = (size_t)p.width + 1;
  int status = pixel_reserve(d, &d->sums, columns * (sizeof(uint32_t) + sizeof(uint16_t)));
  if (status) return status;
  uint32_t *before = (uint32_t *)d->sums.data;        // the sum of the columns to the left
  uint16_t *column = (uint16_t *)(before + columns);  // 256 times the average of the rows that make one row of the result
  const uint64_t step = ((uint64_t)p.width * PARTS << 16) / w;
  const float each = (float)w / ((float)p.width * PARTS * 256);
  for (int y = 0; y < h; y++, dst += w) {
    memset(column, 0, columns * sizeof *column);
    for (int i = y * p.height / h; i * h < (y + 1) * p.height; i++) {
      const uint8_t *src = p.data + (size_t)i * p.stride;
      const uint16_t part = share(y, h, i, p.height);
      for (int x = 0; x < p.width; x++) column[x] += part * src[x];
    }
    before[0] = 0;
    for (int x = 0; x < p.width; x++) before[x + 1] = before[x] + column[x];
    uint64_t left = 0;
    for (int x = 0; x < w; x++) {
      uint32_t edge = (uint32_t)((x + 1) * step >> 16), whole = edge / PARTS;
      uint64_t right = (uint64_t)before[whole] * PARTS + (uint64_t)column[whole] * (edge % PARTS);
      dst[x] = (uint8_t)((float)(right - left) * each + 0.5f);
      left = right;
    }
  }
  return PIXEL_OK;
}

// scale brings one plane to the result's size.
static int scale(struct pixel_decoder *d, struct plane p, uint8_t *dst) {
  int w = d->lying_width, h = d->lying_height;
  if (p.width >= w && p.height >= h) return average(d, p, dst, w, h);
  ScalePlane(p.data, p.stride, p.width, p.height, dst, w, w, h, kFilterBox);
  return PIXEL_OK;
}

// convert makes RGB of the scaled planes, by way of four bytes for each pixel: libyuv has the direct way only since 2022-09, and
// Ubuntu 22.04 has libyuv of 2021-12. libyuv names byte orders from the top of a little-endian word: its RGB24 is B,G,R in memory.
// With Cr and Cb swapped and the mirrored matrix it becomes R,G,B.
static int convert(struct pixel_decoder *d, int colour, uint8_t *dst) {
  int w = d->lying_width, h = d->lying_height;
  // By PIXEL_FULL_RANGE and PIXEL_BT709. libyuv calls BT.601 in full range JPEG, and BT.709 in full range F709.
  const struct YuvConstants *matrices[4] = {&kYvuI601Constants, &kYvuJPEGConstants, &kYvuH709Constants, &kYvuF709Constants};
  const struct YuvConstants *matrix = matrices[colour & 3];
  if (I444ToARGBMatrix(d->scaled[0], w, d->scaled[2], w, d->scaled[1], w, d->rgba, 4 * w, matrix, w, h) ||
      ARGBToRGB24(d->rgba, 4 * w, dst, 3 * w, w, h)) {
    return pixel_fail(d, PIXEL_FAILED, "colour conversion to %dx%d refused", w, h);
  }
  return PIXEL_OK;
}

// The planes are scaled before the colour conversion, which then has only the result's few pixels to convert.
int pixel_planes_to_rgb(struct pixel_decoder *d, int area, const struct planes *p, int colour, uint8_t *dst) {
  int w = d->lying_width, h = d->lying_height;
  struct rect r = pixel_centre(d, area, p->whole_width, p->whole_height, p->hsub, p->vsub);
  d->shown[area] = pixel_place(d, r, p->whole_width, p->whole_height);
  r.x -= p->x;
  r.y -= p->y;
  int status = PIXEL_OK;
  for (int i = 0; i < 3 && !status && !(i && p->grey); i++) {
    int hsub = i ? p->hsub : 1, vsub = i ? p->vsub : 1;
    const uint8_t *corner = p->data[i] + (size_t)(r.y / vsub) * p->stride[i] + r.x / hsub;
    status = scale(d, (struct plane){corner, p->stride[i], (r.width + hsub - 1) / hsub, (r.height + vsub - 1) / vsub}, d->scaled[i]);
  }
  if (status) return status;
  if (p->grey) memset(d->scaled[1], 128, 2 * (size_t)w * h);
  uint8_t *out = d->format.orientation > 1 ? d->lying : dst;
  if (p->rgb) {
    MergeRGBPlane(d->scaled[0], w, d->scaled[1], w, d->scaled[2], w, out, 3 * w, w, h);
  } else {
    status = convert(d, colour, out);
  }
  if (!status && out != dst) pixel_turn(d, out, dst);
  return status;
}
