#include "squeeze.h"

#include <string.h>

// One frame back in time is, for the window as a whole, a move by one step: every element but the newest frame's gets
// its new value, and the newest are overwritten right after. It is done in pieces that stay in the first-level cache
// between the move and the overwriting. Every piece reads `step` elements of the next one, before that is changed.
enum { PIECE = 256 };

static inline size_t at_most(size_t n, size_t limit) { return n < limit ? n : limit; }

static void put_xor(uint8_t *at, size_t pixels, const struct edged_layout *l, const uint8_t *rgb, uint8_t flip) {
  const size_t pixel = l->pixel, colour = l->colour;
  for (size_t i = 0; i < pixels; i++, at += pixel, rgb += 3) {
    at[0] = rgb[0] ^ flip;
    at[colour] = rgb[1] ^ flip;
    at[2 * colour] = rgb[2] ^ flip;
  }
}

static void put8(uint8_t *at, size_t pixels, const struct edged_layout *l, const uint8_t *rgb, const uint8_t *table) {
  const size_t pixel = l->pixel, colour = l->colour;
  for (size_t i = 0; i < pixels; i++, at += pixel, rgb += 3) {
    at[0] = table[rgb[0]];
    at[colour] = table[256 + rgb[1]];
    at[2 * colour] = table[512 + rgb[2]];
  }
}

static void put32(uint32_t *at, size_t pixels, const struct edged_layout *l, const uint8_t *rgb, const uint32_t *table) {
  const size_t pixel = l->pixel, colour = l->colour;
  for (size_t i = 0; i < pixels; i++, at += pixel, rgb += 3) {
    at[0] = table[rgb[0]];
    at[colour] = table[256 + rgb[1]];
    at[2 * colour] = table[512 + rgb[2]];
  }
}

void edged_push(void *window, size_t pixels, const struct edged_layout *l, const uint8_t *rgb,
                const void *table, size_t element_bytes, int flip) {
  const size_t pixel_bytes = l->pixel * element_bytes, step_bytes = l->step * element_bytes;
  uint8_t *piece = window;
  uint8_t *const end = piece + pixels * pixel_bytes;
  while (piece < end) {
    const size_t n = at_most((size_t)(end - piece) / pixel_bytes, PIECE);
    const size_t bytes = n * pixel_bytes;
    memmove(piece, piece + step_bytes, at_most(bytes, (size_t)(end - piece) - step_bytes));
    uint8_t *newest = piece + l->newest * element_bytes;
    if (element_bytes == 4) {
      put32((uint32_t *)newest, n, l, rgb, table);
    } else if (flip >= 0 && flip <= 255) {
      put_xor(newest, n, l, rgb, (uint8_t)flip);
    } else {
      put8(newest, n, l, rgb, table);
    }
    piece += bytes;
    rgb += 3 * n;
  }
}

void edged_hold(void *window, size_t pixels, const struct edged_layout *l, size_t element_bytes) {
  // A run is a stretch of elements in which only time passes: all of a pixel (tc), or one colour of it (ct).
  const size_t run = (l->step == 1 ? l->pixel / 3 : l->pixel) * element_bytes;
  const size_t step = l->step * element_bytes;
  uint8_t *at = window;
  uint8_t *const end = at + pixels * l->pixel * element_bytes;
  for (; at < end; at += run) {
    memmove(at, at + step, run - step);
  }
}
