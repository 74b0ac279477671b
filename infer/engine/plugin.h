#ifndef EDGED_PLUGIN_H
#define EDGED_PLUGIN_H
#include "abi.h"

// A delegate that some library made, and that library's function to end it.
struct edged_plugin {
  struct edged_delegate *delegate;
  void (*destroy)(struct edged_delegate *);
  char why[512];  // why there is none
};

// Each opens one kind of delegate; where that fails, plugin->delegate stays NULL and why is set.
void edged_open_xnnpack(struct edged_plugin *plugin, int threads);
void edged_open_gpu(struct edged_plugin *plugin, const char *library);
void edged_open_external(struct edged_plugin *plugin, const char *library, const char *const *keys,
                         const char *const *values, size_t options);

void edged_destroy(struct edged_plugin *plugin);
#endif
