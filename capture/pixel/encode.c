#include "encode.h"

#include <turbojpeg.h>

size_t pixel_jpeg_bound(int width, int height) { return tjBufSize(width, height, TJSAMP_420); }

void *pixel_jpeg_new(void) { return tjInitCompress(); }

void pixel_jpeg_free(void *encoder) {
  if (encoder) tjDestroy(encoder);
}

size_t pixel_jpeg_encode_with(void *encoder, const uint8_t *rgb, int width, int height, int quality, uint8_t *dst, size_t dst_size) {
  unsigned long size = dst_size;
  if (!encoder) return 0;
  int failed = tjCompress2(encoder, rgb, width, 0, height, TJPF_RGB, &dst, &size, TJSAMP_420, quality, TJFLAG_NOREALLOC);
  return failed ? 0 : size;
}

size_t pixel_jpeg_encode(const uint8_t *rgb, int width, int height, int quality, uint8_t *dst, size_t dst_size) {
  void *encoder = pixel_jpeg_new();
  size_t size = pixel_jpeg_encode_with(encoder, rgb, width, height, quality, dst, dst_size);
  pixel_jpeg_free(encoder);
  return size;
}

int pixel_jpeg_size(const uint8_t *src, size_t size, int *width, int *height) {
  int sampling, space;
  tjhandle h = tjInitDecompress();
  if (!h) return 0;
  int failed = tjDecompressHeader3(h, src, size, width, height, &sampling, &space);
  tjDestroy(h);
  return !failed && *width > 0 && *height > 0;
}
