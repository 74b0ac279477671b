#include <string.h>

#include "internal.h"

// jpeg_covers says whether every wanted area of a picture of that size has at least so many half pixels a side for each of the
// result's.
static int jpeg_covers(const struct pixel_decoder *d, int width, int height, int halves) {
  for (int i = 0; i < d->count; i++) {
    if (!(d->wanted >> i & 1)) continue;
    struct rect r = pixel_centre(d, i, width, height, 1, 1);
    if (2 * r.width < halves * d->lying_width || 2 * r.height < halves * d->lying_height) return 0;
  }
  return 1;
}

// jpeg_scale picks the smallest size the decoder can produce of which the results are still good. The inverse DCTs of 8, 4 and
// 2 points have SIMD; the others cost as much as the next larger of these, or more than the whole picture. Those of 4 points and
// less are no true average: with 1.5 and 2 pixels to each of the result's, a photograph's results are within 2 levels of one
// (TestGolden). A size that does not divide would be rounded up, and the picture stretched.
static void jpeg_scale(const struct pixel_decoder *d, int *width, int *height) {
  int w = *width, h = *height;
  for (int shift = 1; shift <= 3; shift++) {
    int rest = (1 << shift) - 1, sw = w >> shift, sh = h >> shift;
    if (w & rest || h & rest || !jpeg_covers(d, sw, sh, shift == 1 ? 3 : 4)) return;
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
  int status = pixel_fail(d, PIXEL_CORRUPT, "%s: %s", where, tjGetErrorStr2(d->jpeg));
  tjDestroy(d->jpeg);
  d->jpeg = NULL;
  return status;
}

// jpeg_scans is how many scans there are, at the most: two such bytes are a marker wherever they are not inside a segment.
static int jpeg_scans(const uint8_t *src, size_t size) {
  int n = 0;
  const uint8_t *end = src + size;
  while ((src = memchr(src, 0xff, (size_t)(end - src))) && ++src < end) n += *src == 0xda;
  return n;
}

int pixel_jpeg_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  int w = 0, h = 0, sampling, space;
  if (size < 4 || src[0] != 0xff || src[1] != 0xd8) return pixel_fail(d, PIXEL_CORRUPT, "no JPEG start marker");
  // Without tables of its own a picture means the standard's, but libjpeg takes those of the last picture that had some.
  struct jpeg_head head = pixel_jpeg_head(src, size);
  if (!head.tables && d->jpeg_tables && d->jpeg) {
    tjDestroy(d->jpeg);
    d->jpeg = NULL;
  }
  d->jpeg_tables = head.tables;
  if (!d->jpeg && !(d->jpeg = tjInitDecompress())) return pixel_fail(d, PIXEL_FAILED, "no memory for a JPEG decompressor");
  if (tjDecompressHeader3(d->jpeg, src, size, &w, &h, &sampling, &space)) return jpeg_corrupt(d, "JPEG header");
  // A file of tables without a picture is no error to TurboJPEG: it sets no size.
  if (w < 1 || h < 1) return pixel_fail(d, PIXEL_CORRUPT, "JPEG header: no picture");
  if (w > PIXEL_MAX_SIDE || h > PIXEL_MAX_SIDE) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "JPEG of %dx%d; at most %d a side", w, h, PIXEL_MAX_SIDE);
  }
  int most = head.scans ? PIXEL_MAX_SCANS_AREA : PIXEL_MAX_JPEG_AREA;
  if (w * h > most) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "%s JPEG of %dx%d; at most %d pixels", head.scans ? "progressive" : "baseline", w, h, most);
  }
  int scans = head.scans ? jpeg_scans(src, size) : 1;
  if (scans > PIXEL_MAX_SCANS) return pixel_fail(d, PIXEL_UNSUPPORTED, "JPEG of %d scans; at most %d", scans, PIXEL_MAX_SCANS);
  struct pixel_format *f = &d->format;
  if (f->width > 0 && f->height > 0 && w * h > 4 * f->width * f->height) {
    return pixel_fail(d, PIXEL_CORRUPT, "JPEG of %dx%d from a camera set to %dx%d", w, h, f->width, f->height);
  }
  if (space != TJCS_YCbCr && space != TJCS_GRAY) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "JPEG in %s; only YCbCr and grey", space == TJCS_RGB ? "RGB" : "CMYK");
  }
  // TurboJPEG 2 calls this an error of the header, 3 does not. Below, sampling is an index.
  if (sampling < 0 || sampling >= TJ_NUMSAMP) {
    return pixel_fail(d, PIXEL_UNSUPPORTED, "JPEG of unknown chroma subsampling");
  }
  f->width = w;
  f->height = h;
  if (!f->pixel_width || !f->pixel_height) {
    f->pixel_width = head.pixel_width;
    f->pixel_height = head.pixel_height;
  }
  if (!f->orientation) f->orientation = head.orientation;
  int status = pixel_look(d);
  if (status) return status;
  jpeg_scale(d, &w, &h);

  int count = sampling == TJSAMP_GRAY ? 1 : 3;
  size_t offset[3] = {0}, total = 0;
  for (int i = 0; i < count; i++) {
    offset[i] = total;
    p->stride[i] = tjPlaneWidth(i, w, sampling);
    total += tjPlaneSizeYUV(i, w, 0, h, sampling);
  }
  if ((status = pixel_reserve(d, &d->planes, total))) return status;
  uint8_t *room = d->planes.data, *out[3] = {room, room + offset[1], room + offset[2]};
  // Never FASTDCT here: at half size TurboJPEG 2.1 gives subsampled chroma to an inverse DCT that does not fit the fast method's
  // tables, and every colour comes out four times too strong; at the smaller sizes it saves nothing.
  if (tjDecompressToYUVPlanes(d->jpeg, src, size, out, w, p->stride, h, 0) &&
      !jpeg_harmless(d->jpeg)) {
    return jpeg_corrupt(d, "JPEG data");
  }
  for (int i = 0; i < count; i++) p->data[i] = out[i];
  p->width = p->whole_width = w;
  p->height = p->whole_height = h;
  p->grey = count == 1;
  p->hsub = p->grey ? 1 : tjMCUWidth[sampling] / 8;
  p->vsub = p->grey ? 1 : tjMCUHeight[sampling] / 8;
  return PIXEL_OK;
}
