#include "encode.h"

#include <turbojpeg.h>

size_t pixel_jpeg_bound(int width, int height) { return tjBufSize(width, height, TJSAMP_420); }

size_t pixel_jpeg_encode(const uint8_t *rgb, int width, int height, int quality, uint8_t *dst, size_t dst_size) {
  tjhandle h = tjInitCompress();
  unsigned long size = dst_size;
  if (!h) return 0;
  int failed = tjCompress2(h, rgb, width, 0, height, TJPF_RGB, &dst, &size, TJSAMP_420, quality, TJFLAG_NOREALLOC);
  tjDestroy(h);
  return failed ? 0 : size;
}

int pixel_jpeg_size(const uint8_t *src, size_t size, int *width, int *height) {
  int sampling, space;
  tjhandle h = tjInitDecompress();
  if (!h) return 0;
  int failed = tjDecompressHeader3(h, src, size, width, height, &sampling, &space);
  tjDestroy(h);
  return !failed && *width > 0 && *height > 0;
}
