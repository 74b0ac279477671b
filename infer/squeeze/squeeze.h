#ifndef EDGED_SQUEEZE_H
#define EDGED_SQUEEZE_H
#include <stddef.h>
#include <stdint.h>

// How one pixel's 3*T elements (T frames, colours R, G, B) lie in the window. All counts are elements.
//   tc, channel t*3+c: step 3, newest 3*T-3, colour 1        ct, channel c*T+t: step 1, newest T-1, colour T
struct edged_layout {
  size_t pixel;   // 3*T
  size_t step;    // from one frame's element to the next frame's
  size_t newest;  // the newest frame's R
  size_t colour;  // from its R to its G, from its G to its B
};

// edged_push moves the window of so many pixels one frame into the past and puts rgb (3 bytes a pixel) in as the newest
// frame, each byte through its colour's part of table[3][256], whose entries are element_bytes (1 or 4) long.
// A flip of 0 to 255 says that the table is u8 ^ flip, which is faster computed; any other value says it is not.
void edged_push(void *window, size_t pixels, const struct edged_layout *layout, const uint8_t *rgb,
                const void *table, size_t element_bytes, int flip);

// edged_hold moves the window one frame into the past and leaves the newest frame in place: it is there twice then.
void edged_hold(void *window, size_t pixels, const struct edged_layout *layout, size_t element_bytes);
#endif
