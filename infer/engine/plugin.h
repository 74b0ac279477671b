#ifndef EDGED_PLUGIN_H
#define EDGED_PLUGIN_H
#include "abi.h"

// A delegate that some library made, and that library's function to end it.
struct edged_plugin {
  struct edged_delegate *delegate;
  void (*destroy)(struct edged_delegate *);
  char why[512];  // why there is none
};

// Each opens one kind of delegate; false with why set where that fails.
bool edged_open_xnnpack(struct edged_plugin *plugin, int threads);
bool edged_open_gpu(struct edged_plugin *plugin, const char *library);
bool edged_open_external(struct edged_plugin *plugin, const char *library, const char *const *keys,
                         const char *const *values, size_t options);

void edged_destroy(struct edged_plugin *plugin);
#endif
