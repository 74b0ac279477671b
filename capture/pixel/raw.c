#include <libyuv/planar_functions.h>

#include "internal.h"

_Static_assert(3 * (uint64_t)PIXEL_MAX_STRIDE * PIXEL_MAX_SIDE <= UINT32_MAX, "sizes are computed in size_t");

// raw_fits refuses layouts that reach beyond src: line is what the first plane's line must have, need the whole picture.
static int raw_fits(struct pixel_decoder *d, int stride, int line, size_t need, size_t size) {
  if (stride < line) return pixel_fail(d, PIXEL_UNSUPPORTED, "stride of %d bytes; a line has %d", stride, line);
  if (size < need) return pixel_fail(d, PIXEL_CORRUPT, "%zu bytes; a whole frame has %zu", size, need);
  return PIXEL_OK;
}

static int planar_planes(struct pixel_decoder *d, const struct raw *raw, const uint8_t *src, size_t size,
                         struct planes *p) {
  int stride = raw->stride ? raw->stride : raw->width;
  int cstride = (stride + p->hsub - 1) / p->hsub, rows = (raw->height + p->vsub - 1) / p->vsub;
  size_t luma = (size_t)stride * raw->height, chroma = p->grey ? 0 : (size_t)cstride * rows;
  int status = raw_fits(d, stride, raw->width, luma + 2 * chroma, size);
  if (status) return status;
  p->data[0] = src;
  p->data[1] = src + luma;
  p->data[2] = src + luma + chroma;
  p->stride[0] = stride;
  p->stride[1] = p->stride[2] = cstride;
  p->width = raw->width;
  p->height = raw->height;
  pixel_crop(d, p);
  return PIXEL_OK;
}

static int yuyv_planes(struct pixel_decoder *d, const struct raw *raw, const uint8_t *src, size_t size,
                       struct planes *p) {
  int line = (raw->width + 1) / 2 * 4, stride = raw->stride ? raw->stride : line;
  // The last line need not be padded to the stride.
  int status = raw_fits(d, stride, line, (size_t)stride * (raw->height - 1) + line, size);
  if (status) return status;

  // Cropped first, so that nothing is unpacked in vain.
  struct rect r = pixel_centre(d, raw->width, raw->height, 2, 1);
  int half = (r.width + 1) / 2;
  size_t luma = (size_t)r.width * r.height, chroma = (size_t)half * r.height;
  if ((status = pixel_reserve(d, &d->planes, luma + 2 * chroma))) return status;
  uint8_t *y = d->planes.data, *u = y + luma, *v = u + chroma;
  src += (size_t)r.y * stride + 2 * (size_t)r.x;
  if (YUY2ToI422(src, stride, y, r.width, u, half, v, half, r.width, r.height)) {
    return pixel_fail(d, PIXEL_FAILED, "YUYV unpacking refused");
  }
  *p = (struct planes){{y, u, v}, {r.width, half, half}, r.width, r.height, 2, 1, 0};
  return PIXEL_OK;
}

int pixel_raw_planes(struct pixel_decoder *d, const struct raw *raw, const uint8_t *src, size_t size, struct planes *p) {
  if (raw->width < 1 || raw->height < 1 || raw->width > PIXEL_MAX_SIDE || raw->height > PIXEL_MAX_SIDE) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "picture of %dx%d; 1 to %d a side", raw->width, raw->height, PIXEL_MAX_SIDE);
  }
  if (raw->stride < 0 || raw->stride > PIXEL_MAX_STRIDE) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "stride of %d bytes", raw->stride);
  }
  p->hsub = p->vsub = 1;
  switch (raw->fourcc) {
    case FOURCC('Y', 'U', 'Y', 'V'):
      return yuyv_planes(d, raw, src, size, p);
    case FOURCC('Y', 'U', '1', '2'):
      p->hsub = p->vsub = 2;
      break;
    case FOURCC('4', '2', '2', 'P'):
      p->hsub = 2;
      break;
    case FOURCC('4', '4', '4', 'P'):
      break;
    case FOURCC('G', 'R', 'E', 'Y'):
      p->grey = 1;
      break;
    default:
      return pixel_fail(d, PIXEL_UNSUPPORTED, "unknown pixel format");
  }
  return planar_planes(d, raw, src, size, p);
}
