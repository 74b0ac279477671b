#include <string.h>

#include "internal.h"

// jpeg_covers returns whether every selected area of a picture of that size has at least halves/2 pixels, across and down, for each
// pixel of the result.
static int jpeg_covers(const struct pixel_decoder *d, int width, int height, int halves) {
  for (int i = 0; i < d->count; i++) {
    if (!(d->selected >> i & 1)) continue;
    struct rect r = pixel_centre(d, i, width, height, 1, 1);
    if (2 * r.width < halves * d->lying_width || 2 * r.height < halves * d->lying_height) return 0;
  }
  return 1;
}

// jpeg_scale picks the smallest size at which the decoder's output still gives good results. The inverse DCTs of 8, 4 and 2 points
// have SIMD; the others cost as much as the next larger of these, or more than the whole picture. Those of 4 and fewer points are no
// true average. With 1.5 and 2 pixels for each pixel of the result, a photograph is within 2 levels of the true average
// (TestGolden). A size that does not divide is not used: the decoder rounds it up, which stretches the picture.
static void jpeg_scale(const struct pixel_decoder *d, int *width, int *height) {
  int w = *width, h = *height;
  for (int shift = 1; shift <= 3; shift++) {
    int rest = (1 << shift) - 1, sw = w >> shift, sh = h >> shift;
    if (w & rest || h & rest || !jpeg_covers(d, sw, sh, shift == 1 ? 3 : 4)) return;
    *width = sw;
    *height = sh;
  }
}

// jpeg_harmless recognises the one warning after which the picture is still whole: stray bytes between the last block and the end
// marker (0xd9), which many UVC cameras send in every frame. libjpeg keeps only the first warning's message, so nothing before it
// was wrong.
static int jpeg_harmless(tjhandle h) {
  static const char end[] = "extraneous bytes before marker 0xd9";
  return tjGetErrorCode(h) == TJERR_WARNING && strstr(tjGetErrorStr2(h), end) != NULL;
}

// jpeg_corrupt gives up on a frame and on the decompressor. TurboJPEG leaves the decompressor in the middle of a header that failed,
// and every later frame would fail, too.
static int jpeg_corrupt(struct pixel_decoder *d, const char *where) {
  int status = pixel_fail(d, PIXEL_CORRUPT, "%s: %s", where, tjGetErrorStr2(d->jpeg));
  tjDestroy(d->jpeg);
  d->jpeg = NULL;
  return status;
}

// jpeg_scans counts the scans, or more: two such bytes inside a segment count, too, though they are no marker there.
static int jpeg_scans(const uint8_t *src, size_t size) {
  int n = 0;
  const uint8_t *end = src + size;
  while ((src = memchr(src, 0xff, (size_t)(end - src))) && ++src < end) n += *src == 0xda;
  return n;
}

int pixel_jpeg_planes(struct pixel_decoder *d, const uint8_t *src, size_t size, struct planes *p) {
  int w = 0, h = 0, sampling, space;
  if (size < 4 || src[0] != 0xff || src[1] != 0xd8) return pixel_fail(d, PIXEL_CORRUPT, "no JPEG start marker");
  // A picture without Huffman tables uses the standard's, but libjpeg would use those of an earlier picture.
  struct jpeg_head head = pixel_jpeg_head(src, size);
  if (!head.tables && d->jpeg_tables && d->jpeg) {
    tjDestroy(d->jpeg);
    d->jpeg = NULL;
  }
  d->jpeg_tables = head.tables;
  if (!d->jpeg && !(d->jpeg = tjInitDecompress())) return pixel_fail(d, PIXEL_FAILED, "no memory for a JPEG decompressor");
  if (tjDecompressHeader3(d->jpeg, src, size, &w, &h, &sampling, &space)) return jpeg_corrupt(d, "JPEG header");
  // For a file that holds only tables TurboJPEG reports no error and sets no size.
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
  // TurboJPEG 2 reports an error for this header, version 3 does not. sampling is an index below.
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
  // Never use FASTDCT here. At half size TurboJPEG 2.1 decodes subsampled chroma with an inverse DCT that does not match the fast
  // method's tables: every colour is four times too strong. At smaller sizes FASTDCT saves nothing.
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
