#ifndef EDGED_PROBE_H
#define EDGED_PROBE_H
#include "abi.h"

enum { EDGED_OPS = 256 };  // builtin operator codes; higher ones are counted in the last place

// A probe is a delegate around another one (or around none): it lets that one take its nodes and counts them.
struct edged_probe {
  struct edged_delegate delegate;  // what the interpreter gets
  struct edged_delegate *inner;    // NULL: nothing is delegated
  int32_t total;                   // nodes before, over all subgraphs
  int32_t left;                    // of those, nodes that stayed with TFLite's own kernels
  int32_t kernels;                 // delegate kernels that took the others' place
  int32_t ops_total[EDGED_OPS], ops_left[EDGED_OPS];
};

void edged_probe_init(struct edged_probe *probe, struct edged_delegate *inner);
#endif
