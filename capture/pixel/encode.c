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
