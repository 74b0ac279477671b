// Finds the pixels that differ from a background that it learns. See finder.go for what each call does.
#ifndef EDGED_FOLLOW_FINDER_H
#define EDGED_FOLLOW_FINDER_H

#include <stdint.h>

enum {
  FOLLOW_CELL = 4,      // side of a cell, in pixels
  FOLLOW_LEARNING = 12, // pictures that it learns from before it says anything
};

struct follow_finder;

struct follow_finder *follow_new(int width, int height);
void follow_free(struct follow_finder *f);
// Uses the plainest loops, not the fastest ones: 32 bits everywhere, for every processor. The results are the same.
void follow_plain(struct follow_finder *f);
// Forgets the background. The next picture becomes the new one.
void follow_forget(struct follow_finder *f);
// Compares rgb [height,width,3] with the background and learns from it. counts [rows,cols] receives how many pixels of each cell differ;
// cells whose hold is not 0 keep their background. Returns 0, or -1 while it knows too little.
int follow_find(struct follow_finder *f, const uint8_t *rgb, const uint8_t *hold, uint8_t *counts);
// Copies the part x, y, w, h of the background, in colour, to out [height,width,3] of which it is a part.
void follow_paint(const struct follow_finder *f, const int box[4], uint8_t *out);
// Shrinks the box x, y, w, h (pixels) to the pixels in it that differ.
void follow_tighten(const struct follow_finder *f, int box[4]);
// Returns how alike the picture and its background are inside the box, of the pixels that differ: 1000 = the same pattern, 0 = unrelated.
int follow_likeness(const struct follow_finder *f, const int box[4]);
// Returns how much sharper the picture is than its background inside the box, of the pixels that differ: the ratio of their gradients, in
// thousandths. Where something left, the background still shows it, and the picture is the flatter of the two.
int follow_sharpness(const struct follow_finder *f, const int box[4]);
// Counts the pixels that differ in each column of the box: counts[w].
void follow_columns(const struct follow_finder *f, const int box[4], uint16_t *counts);
// Makes the picture inside the box the background.
void follow_accept(struct follow_finder *f, const int box[4]);

#endif
