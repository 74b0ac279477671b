#include "decode.h"

#include <libyuv/convert_argb.h>
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <turbojpeg.h>

#define FOURCC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

// Planes of 8-bit Y'CbCr. With grey set only the first is there.
struct planes {
  const uint8_t *data[3];
  int stride[3];
  int width, height;  // of the luma plane
  int hsub, vsub;     // luma columns and rows per chroma sample
  int grey;
};

// What the caller says of an uncompressed picture. stride 0 is unpadded.
struct raw {
  int width, height, stride;
};

// Memory that is kept from frame to frame.
struct room {
  uint8_t *data;
  size_t size;
};

struct pixel_decoder {
  int width, height;  // of the result
  tjhandle jpeg;
  struct room planes;     // of the decoded picture
  struct room halves[2];  // a plane on its way to the result's size
  uint8_t *scaled[3];     // three planes of the result's size
  int timed;
  uint64_t decode_ns, scale_ns;
  char message[256];
};

static int fail(struct pixel_decoder *d, int status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(d->message, sizeof d->message, format, args);
  va_end(args);
  return status;
}

static uint64_t cpu_ns(const struct pixel_decoder *d) {
  struct timespec t;
  if (!d->timed) return 0;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct pixel_decoder *pixel_new(int width, int height) {
  struct pixel_decoder *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  size_t size = (size_t)width * height;
  d->width = width;
  d->height = height;
  d->jpeg = tjInitDecompress();
  d->scaled[0] = malloc(3 * size);
  if (!d->jpeg || !d->scaled[0]) {
    pixel_free(d);
    return NULL;
  }
  d->scaled[1] = d->scaled[0] + size;
  d->scaled[2] = d->scaled[1] + size;
  return d;
}

void pixel_free(struct pixel_decoder *d) {
  if (!d) return;
  if (d->jpeg) tjDestroy(d->jpeg);
  free(d->scaled[0]);
  free(d->planes.data);
  free(d->halves[0].data);
  free(d->halves[1].data);
  free(d);
}

const char *pixel_message(const struct pixel_decoder *d) { return d->message; }

void pixel_timing(struct pixel_decoder *d, int on) { d->timed = on; }

void pixel_times(const struct pixel_decoder *d, uint64_t *decode_ns, uint64_t *scale_ns) {
  *decode_ns = d->decode_ns;
  *scale_ns = d->scale_ns;
}

// reserve makes room for size bytes. Only a picture larger than all before it costs an allocation.
static int reserve(struct pixel_decoder *d, struct room *room, size_t size) {
  if (size <= room->size) return PIXEL_OK;
  free(room->data);
  room->data = malloc(size);
  room->size = room->data ? size : 0;
  return room->data ? PIXEL_OK : fail(d, PIXEL_FAILED, "no memory for a picture of %zu bytes", size);
}

// Part of a picture, in luma pixels.
struct rect {
  int x, y, width, height;
};

// centre is the largest centred rectangle of the result's aspect, its corner on a whole chroma sample.
static struct rect centre(const struct pixel_decoder *d, int width, int height, int hsub, int vsub) {
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

static void crop(const struct pixel_decoder *d, struct planes *p) {
  struct rect r = centre(d, p->width, p->height, p->hsub, p->vsub);
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
  int status = reserve(d, &d->halves[into], (size_t)w * h);
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

// The planes are scaled to the result's size before the colour conversion: it then runs over the few pixels that stay.
static int planes_to_rgb(struct pixel_decoder *d, const struct planes *p, int full_range, uint8_t *dst) {
  int w = d->width, h = d->height;
  int status = scale(d, (struct plane){p->data[0], p->stride[0], p->width, p->height}, d->scaled[0]);
  int cw = (p->width + p->hsub - 1) / p->hsub, ch = (p->height + p->vsub - 1) / p->vsub;
  for (int i = 1; i < 3 && !status && !p->grey; i++) {
    status = scale(d, (struct plane){p->data[i], p->stride[i], cw, ch}, d->scaled[i]);
  }
  if (status) return status;
  if (p->grey) memset(d->scaled[1], 128, 2 * (size_t)w * h);
  // libyuv names byte orders from the top of a little-endian word: its RGB24 is B,G,R in memory. Cr and Cb swapped under
  // the mirrored matrix make it R,G,B.
  const struct YuvConstants *matrix = full_range ? &kYvuJPEGConstants : &kYvuI601Constants;
  if (I444ToRGB24Matrix(d->scaled[0], w, d->scaled[2], w, d->scaled[1], w, dst, 3 * w, matrix, w, h)) {
    return fail(d, PIXEL_FAILED, "colour conversion to %dx%d refused", w, h);
  }
  return PIXEL_OK;
}

// jpeg_scale picks the smallest size the decoder can produce whose centre crop still covers the result.
static void jpeg_scale(const struct pixel_decoder *d, int *width, int *height) {
  int w = *width, h = *height;
  // The inverse DCTs of 8, 4 and 2 points have SIMD; 3/8 costs what 4/8 costs and looks worse, 5/8 to 7/8 cost more than
  // the whole picture.
  for (int shift = 1; shift <= 3; shift++) {
    int round = (1 << shift) - 1, sw = (w + round) >> shift, sh = (h + round) >> shift;
    if (sw < d->width || sh < d->height) return;
    *width = sw;
    *height = sh;
  }
}

// jpeg_harmless tells the one warning that leaves the picture whole: stray bytes between the last block and the end
// marker (0xd9), which many UVC cameras send in every frame. libjpeg keeps the message of the first warning only, so
// nothing before it was wrong.
static int jpeg_harmless(tjhandle h) {
  static const char end[] = "extraneous bytes before marker 0xd9";
  return tjGetErrorCode(h) == TJERR_WARNING && strstr(tjGetErrorStr2(h), end) != NULL;
}

// jpeg_corrupt gives up on a frame, and on the decompressor with it: TurboJPEG leaves it in the middle of a header that
// failed, and every later frame would fail as well.
static int jpeg_corrupt(struct pixel_decoder *d, const char *where) {
  int status = fail(d, PIXEL_CORRUPT, "%s: %s", where, tjGetErrorStr2(d->jpeg));
  tjDestroy(d->jpeg);
  d->jpeg = NULL;
  return status;
}

static int jpeg_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  int w = 0, h = 0, sampling, space;
  if (size < 4 || src[0] != 0xff || src[1] != 0xd8) return fail(d, PIXEL_CORRUPT, "no JPEG start marker");
  if (!d->jpeg && !(d->jpeg = tjInitDecompress())) return fail(d, PIXEL_FAILED, "no memory for a JPEG decompressor");
  if (tjDecompressHeader3(d->jpeg, src, size, &w, &h, &sampling, &space)) return jpeg_corrupt(d, "JPEG header");
  // A file of tables without a picture is no error to TurboJPEG: it sets no size.
  if (w < 1 || h < 1) return fail(d, PIXEL_CORRUPT, "JPEG header: no picture");
  if (w > PIXEL_MAX_SIDE || h > PIXEL_MAX_SIDE) {
    return fail(d, PIXEL_UNSUPPORTED, "JPEG of %dx%d; at most %d a side", w, h, PIXEL_MAX_SIDE);
  }
  if (space != TJCS_YCbCr && space != TJCS_GRAY) {
    return fail(d, PIXEL_UNSUPPORTED, "JPEG in %s; only YCbCr and grey", space == TJCS_RGB ? "RGB" : "CMYK");
  }
  jpeg_scale(d, &w, &h);

  int count = sampling == TJSAMP_GRAY ? 1 : 3;
  size_t offset[3] = {0}, total = 0;
  for (int i = 0; i < count; i++) {
    offset[i] = total;
    p->stride[i] = tjPlaneWidth(i, w, sampling);
    total += tjPlaneSizeYUV(i, w, 0, h, sampling);
  }
  int status = reserve(d, &d->planes, total);
  if (status) return status;
  uint8_t *room = d->planes.data, *out[3] = {room, room + offset[1], room + offset[2]};
  // LIMITSCANS: a crafted progressive picture must not hold the capture loop for minutes. Never FASTDCT here: at half
  // size TurboJPEG 2.1 gives subsampled chroma to an inverse DCT that does not fit the fast method's tables, and every
  // colour comes out four times too strong; at the smaller sizes it saves nothing.
  if (tjDecompressToYUVPlanes(d->jpeg, src, size, out, w, p->stride, h, TJFLAG_LIMITSCANS) &&
      !jpeg_harmless(d->jpeg)) {
    return jpeg_corrupt(d, "JPEG data");
  }
  for (int i = 0; i < count; i++) p->data[i] = out[i];
  p->width = w;
  p->height = h;
  p->grey = count == 1;
  p->hsub = p->grey ? 1 : tjMCUWidth[sampling] / 8;
  p->vsub = p->grey ? 1 : tjMCUHeight[sampling] / 8;
  crop(d, p);
  return PIXEL_OK;
}

// raw_fits refuses layouts that reach beyond src: line is what the first plane's line must have, need the whole picture.
static int raw_fits(struct pixel_decoder *d, int stride, int line, size_t need, size_t size) {
  if (stride < line) return fail(d, PIXEL_UNSUPPORTED, "stride of %d bytes; a line has %d", stride, line);
  if (size < need) return fail(d, PIXEL_CORRUPT, "%zu bytes; a whole frame has %zu", size, need);
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
  crop(d, p);
  return PIXEL_OK;
}

static int yuyv_planes(struct pixel_decoder *d, const struct raw *raw, const uint8_t *src, size_t size,
                       struct planes *p) {
  int line = (raw->width + 1) / 2 * 4, stride = raw->stride ? raw->stride : line;
  // The last line need not be padded to the stride.
  int status = raw_fits(d, stride, line, (size_t)stride * (raw->height - 1) + line, size);
  if (status) return status;

  // Cropped first, so that nothing is unpacked in vain.
  struct rect r = centre(d, raw->width, raw->height, 2, 1);
  int half = (r.width + 1) / 2;
  size_t luma = (size_t)r.width * r.height, chroma = (size_t)half * r.height;
  if ((status = reserve(d, &d->planes, luma + 2 * chroma))) return status;
  uint8_t *y = d->planes.data, *u = y + luma, *v = u + chroma;
  src += (size_t)r.y * stride + 2 * (size_t)r.x;
  if (YUY2ToI422(src, stride, y, r.width, u, half, v, half, r.width, r.height)) {
    return fail(d, PIXEL_FAILED, "YUYV unpacking refused");
  }
  *p = (struct planes){{y, u, v}, {r.width, half, half}, r.width, r.height, 2, 1, 0};
  return PIXEL_OK;
}

static int raw_planes(struct pixel_decoder *d, uint32_t fourcc, const struct raw *raw, const uint8_t *src, size_t size,
                      struct planes *p) {
  if (raw->width < 1 || raw->height < 1 || raw->width > PIXEL_MAX_SIDE || raw->height > PIXEL_MAX_SIDE) {
    return fail(d, PIXEL_UNSUPPORTED, "picture of %dx%d; 1 to %d a side", raw->width, raw->height, PIXEL_MAX_SIDE);
  }
  if (raw->stride < 0 || raw->stride > PIXEL_MAX_STRIDE) return fail(d, PIXEL_UNSUPPORTED, "stride of %d bytes", raw->stride);
  switch (fourcc) {
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
      return fail(d, PIXEL_UNSUPPORTED, "unknown pixel format");
  }
  return planar_planes(d, raw, src, size, p);
}

int pixel_decode(struct pixel_decoder *d, uint32_t fourcc, int width, int height, int stride, int full_range,
                 const uint8_t *src, size_t src_size, uint8_t *dst, size_t dst_size) {
  if (dst_size != 3 * (size_t)d->width * d->height) {
    return fail(d, PIXEL_FAILED, "result buffer of %zu bytes for %dx%d RGB", dst_size, d->width, d->height);
  }
  int jpeg = fourcc == FOURCC('M', 'J', 'P', 'G') || fourcc == FOURCC('J', 'P', 'E', 'G');
  struct raw raw = {width, height, stride};
  struct planes p = {.hsub = 1, .vsub = 1};
  uint64_t start = cpu_ns(d);
  int status = jpeg ? jpeg_planes(d, src, src_size, &p) : raw_planes(d, fourcc, &raw, src, src_size, &p);
  if (status) return status;
  uint64_t decoded = cpu_ns(d);
  status = planes_to_rgb(d, &p, jpeg || full_range, dst);
  d->decode_ns += decoded - start;
  d->scale_ns += cpu_ns(d) - decoded;
  return status;
}
