#ifndef EDGED_FOLLOW_CUT_H
#define EDGED_FOLLOW_CUT_H

#include <stdint.h>

enum { FOLLOW_CUT_MAX = 1024 }; // longest side of a cut's result

// Scales the square x, y, side of rgb [height,width,3] to out [size,size,3]: the mean of the area that each pixel covers, or linear
// interpolation where the square is smaller than the result. The square lies in the picture, and size is at most FOLLOW_CUT_MAX.
void follow_cut(const uint8_t *rgb, int width, int height, double x, double y, double side, uint8_t *out, int size);

#endif
