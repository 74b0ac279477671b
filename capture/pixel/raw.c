#include <libyuv/convert.h>
#include <libyuv/planar_functions.h>

#include "internal.h"

_Static_assert(3 * (uint64_t)PIXEL_MAX_STRIDE * PIXEL_MAX_SIDE <= UINT32_MAX, "sizes are computed in size_t");

// raw_fits refuses layouts that reach beyond src. line is the least number of bytes in a line of the first plane, need that of the
// whole picture.
static int raw_fits(struct pixel_decoder *d, int stride, int line, size_t need, size_t size) {
  if (stride < line) return pixel_fail(d, PIXEL_UNSUPPORTED, "stride of %d bytes; a line has %d", stride, line);
  if (size < need) return pixel_fail(d, PIXEL_CORRUPT, "%zu bytes; a whole frame has %zu", size, need);
  return PIXEL_OK;
}

static int planar_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  const struct pixel_format *raw = &d->format;
  int stride = raw->stride ? raw->stride : raw->width;
  int cstride = (stride + p->hsub - 1) / p->hsub, rows = (raw->height + p->vsub - 1) / p->vsub;
  size_t luma = (size_t)stride * raw->height, chroma = p->grey ? 0 : (size_t)cstride * rows;
  int status = raw_fits(d, stride, raw->width, luma + 2 * chroma, size);
  if (status) return status;
  p->data[0] = src;
  int swapped = raw->fourcc == FOURCC('Y', 'V', '1', '2');
  p->data[swapped ? 2 : 1] = src + luma;
  p->data[swapped ? 1 : 2] = src + luma + chroma;
  p->stride[0] = stride;
  p->stride[1] = p->stride[2] = cstride;
  p->width = p->whole_width = raw->width;
  p->height = p->whole_height = raw->height;
  return PIXEL_OK;
}

// packed_room makes room for the planes of the part that the results show. The rest is never unpacked.
static int packed_room(struct pixel_decoder *d, size_t luma, size_t chroma, uint8_t *plane[3]) {
  int status = pixel_reserve(d, &d->planes, luma + 2 * chroma);
  plane[0] = d->planes.data;
  plane[1] = plane[0] + luma;
  plane[2] = plane[1] + chroma;
  return status;
}

// rgb_planes separates R, G and B. Each is then scaled like a plane of Y'CbCr, and no colour conversion is needed.
static int rgb_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  const struct pixel_format *raw = &d->format;
  int line = 3 * raw->width, stride = raw->stride ? raw->stride : line;
  int status = raw_fits(d, stride, line, (size_t)stride * (raw->height - 1) + line, size);
  if (status) return status;
  struct rect r = pixel_bounds(d, raw->width, raw->height, 1, 1);
  size_t plane = (size_t)r.width * r.height;
  uint8_t *out[3];
  if ((status = packed_room(d, plane, plane, out))) return status;
  src += (size_t)r.y * stride + 3 * (size_t)r.x;
  int blue_first = raw->fourcc == FOURCC('B', 'G', 'R', '3');
  SplitRGBPlane(src, stride, out[blue_first ? 2 : 0], r.width, out[1], r.width, out[blue_first ? 0 : 2], r.width, r.width,
                r.height);
  *p = (struct planes){{out[0], out[1], out[2]}, {r.width, r.width, r.width}, r.width, r.height, r.x, r.y, raw->width, raw->height, 1, 1, 0, 1};
  return PIXEL_OK;
}

// nv_planes leaves luma where it is and separates Cb and Cr, whose lines have luma's stride.
static int nv_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  const struct pixel_format *raw = &d->format;
  int line = (raw->width + 1) / 2 * 2, stride = raw->stride ? raw->stride : line, rows = (raw->height + 1) / 2;
  int luma_stride = raw->stride ? raw->stride : raw->width; // without padding, an odd width makes chroma's lines longer
  size_t luma = (size_t)luma_stride * raw->height;
  int status = raw_fits(d, luma_stride, raw->width, luma + (size_t)stride * (rows - 1) + line, size);
  if (!status && stride < line) status = pixel_fail(d, PIXEL_UNSUPPORTED, "stride of %d bytes; a chroma line has %d", stride, line);
  if (status) return status;
  struct rect r = pixel_bounds(d, raw->width, raw->height, 2, 2);
  int half = (r.width + 1) / 2, half_rows = (r.height + 1) / 2;
  uint8_t *out[3];
  if ((status = packed_room(d, 0, (size_t)half * half_rows, out))) return status;
  int cr_first = raw->fourcc == FOURCC('N', 'V', '2', '1');
  SplitUVPlane(src + luma + (size_t)(r.y / 2) * stride + r.x, stride, out[cr_first ? 2 : 1], half, out[cr_first ? 1 : 2], half,
               half, half_rows);
  *p = (struct planes){{src + (size_t)r.y * luma_stride + r.x, out[1], out[2]}, {luma_stride, half, half}, r.width, r.height, r.x, r.y,
                       raw->width, raw->height, 2, 2, 0, 0};
  return PIXEL_OK;
}

static int yuyv_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  const struct pixel_format *raw = &d->format;
  int line = (raw->width + 1) / 2 * 4, stride = raw->stride ? raw->stride : line;
  // The last line may lack its padding.
  int status = raw_fits(d, stride, line, (size_t)stride * (raw->height - 1) + line, size);
  if (status) return status;

  // Only the part that the results show is unpacked.
  struct rect r = pixel_bounds(d, raw->width, raw->height, 2, 1);
  int half = (r.width + 1) / 2;
  uint8_t *out[3];
  if ((status = packed_room(d, (size_t)r.width * r.height, (size_t)half * r.height, out))) return status;
  src += (size_t)r.y * stride + 2 * (size_t)r.x;
  int chroma_first = raw->fourcc == FOURCC('U', 'Y', 'V', 'Y');
  if ((chroma_first ? UYVYToI422 : YUY2ToI422)(src, stride, out[0], r.width, out[1], half, out[2], half, r.width, r.height)) {
    return pixel_fail(d, PIXEL_FAILED, "4:2:2 unpacking refused");
  }
  *p = (struct planes){{out[0], out[1], out[2]}, {r.width, half, half}, r.width, r.height, r.x, r.y, raw->width, raw->height, 2, 1, 0, 0};
  return PIXEL_OK;
}

int pixel_raw_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  const struct pixel_format *raw = &d->format;
  if (raw->width < 1 || raw->height < 1 || raw->width > PIXEL_MAX_SIDE || raw->height > PIXEL_MAX_SIDE) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "picture of %dx%d; 1 to %d a side", raw->width, raw->height, PIXEL_MAX_SIDE);
  }
  if (raw->stride < 0 || raw->stride > PIXEL_MAX_STRIDE) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "stride of %d bytes", raw->stride);
  }
  int status = pixel_look(d);
  if (status) return status;
  p->hsub = p->vsub = 1;
  switch (raw->fourcc) {
    case FOURCC('Y', 'U', 'Y', 'V'):
    case FOURCC('U', 'Y', 'V', 'Y'):
      return yuyv_planes(d, src, size, p);
    case FOURCC('N', 'V', '1', '2'):
    case FOURCC('N', 'V', '2', '1'):
      return nv_planes(d, src, size, p);
    case FOURCC('R', 'G', 'B', '3'):
    case FOURCC('B', 'G', 'R', '3'):
      return rgb_planes(d, src, size, p);
    case FOURCC('Y', 'U', '1', '2'):
    case FOURCC('Y', 'V', '1', '2'):
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
  return planar_planes(d, src, size, p);
}
