#ifndef EDGED_ABI_H
#define EDGED_ABI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The part of TFLite's C structs that counting nodes needs, as the common.h of TFLite 2.17 lays them out. The library's
// C API shows no execution plan, but it hands these structs to every delegate. They begin as declared here and go on:
// none is made here except edged_delegate, none is copied. A library that lays them out differently fails
// TestCountsNodes and TestExternalDelegate.

struct edged_context;
struct edged_tensor;

struct edged_ints {  // TfLiteIntArray
  int32_t size;
  int32_t data[];
};

struct edged_delegate {  // TfLiteDelegate
  void *data;
  int (*prepare)(struct edged_context *, struct edged_delegate *);
  int (*copy_from_buffer_handle)(struct edged_context *, struct edged_delegate *, int, struct edged_tensor *);
  int (*copy_to_buffer_handle)(struct edged_context *, struct edged_delegate *, int, struct edged_tensor *);
  void (*free_buffer_handle)(struct edged_context *, struct edged_delegate *, int *);
  int64_t flags;
  void *opaque_delegate_builder;  // set by delegates that were written against the opaque API; these leave prepare empty
};

struct edged_node {  // TfLiteNode
  struct edged_ints *inputs, *outputs, *intermediates, *temporaries;
  void *user_data, *builtin_data;
  const void *custom_initial_data;
  int custom_initial_data_size;
  struct edged_delegate *delegate;  // of the kernel that stands for a delegated part of the graph, else NULL
};

struct edged_registration {  // TfLiteRegistration
  void *(*init)(struct edged_context *, const char *, size_t);
  void (*free)(struct edged_context *, void *);
  int (*prepare)(struct edged_context *, struct edged_node *);
  int (*invoke)(struct edged_context *, struct edged_node *);
  const char *(*profiling_string)(const struct edged_context *, const struct edged_node *);
  int32_t builtin_code;
};

struct edged_context {  // TfLiteContext
  size_t tensors_size;
  int (*get_execution_plan)(struct edged_context *, struct edged_ints **);
  void *tensors;
  void *impl;
  int (*resize_tensor)(struct edged_context *, struct edged_tensor *, struct edged_ints *);
  void (*report_error)(struct edged_context *, const char *, ...);
  int (*add_tensors)(struct edged_context *, int, int *);
  int (*get_node_and_registration)(struct edged_context *, int, struct edged_node **, struct edged_registration **);
};

enum { EDGED_OK = 0, EDGED_ERROR = 1, EDGED_CANCELLED = 8 };  // TfLiteStatus
enum { EDGED_ALLOW_DYNAMIC_TENSORS = 1 };                     // TfLiteDelegateFlags
#endif
