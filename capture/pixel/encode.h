// Encoding of one RGB picture as JPEG.
#ifndef EDGED_PIXEL_ENCODE_H
#define EDGED_PIXEL_ENCODE_H

#include <stddef.h>
#include <stdint.h>

// pixel_jpeg_bound is the size that no JPEG of such a picture exceeds.
size_t pixel_jpeg_bound(int width, int height);

// pixel_jpeg_encode writes the JPEG of rgb [height,width,3] to dst, of at least pixel_jpeg_bound bytes, and returns its size;
// 0 where it failed.
size_t pixel_jpeg_encode(const uint8_t *rgb, int width, int height, int quality, uint8_t *dst, size_t dst_size);

// pixel_jpeg_new makes an encoder that can be used again and again; NULL when memory is short.
void *pixel_jpeg_new(void);
void pixel_jpeg_free(void *encoder);

// pixel_jpeg_encode_with is pixel_jpeg_encode with an encoder made before.
size_t pixel_jpeg_encode_with(void *encoder, const uint8_t *rgb, int width, int height, int quality, uint8_t *dst, size_t dst_size);

// pixel_jpeg_size reads a JPEG's header. It returns whether there is one.
int pixel_jpeg_size(const uint8_t *src, size_t size, int *width, int *height);

#endif
