// Encoding of one RGB picture as JPEG.
#ifndef EDGED_PIXEL_ENCODE_H
#define EDGED_PIXEL_ENCODE_H

#include <stddef.h>
#include <stdint.h>

// pixel_jpeg_bound is the largest size of a JPEG of such a picture.
size_t pixel_jpeg_bound(int width, int height);

// pixel_jpeg_encode writes the JPEG of rgb [height,width,3] to dst, which has at least pixel_jpeg_bound bytes. It returns the JPEG's
// size, or 0 after a failure.
size_t pixel_jpeg_encode(const uint8_t *rgb, int width, int height, int quality, uint8_t *dst, size_t dst_size);

// pixel_jpeg_new makes an encoder for many pictures. It returns NULL when memory is short.
void *pixel_jpeg_new(void);
void pixel_jpeg_free(void *encoder);

// pixel_jpeg_encode_with is pixel_jpeg_encode with an encoder from pixel_jpeg_new.
size_t pixel_jpeg_encode_with(void *encoder, const uint8_t *rgb, int width, int height, int quality, uint8_t *dst, size_t dst_size);

// pixel_jpeg_size reads the size from a JPEG's header. It returns whether there is a header.
int pixel_jpeg_size(const uint8_t *src, size_t size, int *width, int *height);

#endif
