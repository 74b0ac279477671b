#ifndef EDGED_REPORT_H
#define EDGED_REPORT_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <tensorflow/lite/c/c_api.h>

// What TFLite says when something fails; what does not fit is left out.
struct edged_report {
  size_t used;
  char text[2048];
};

// go-tflite's own reporter hands a va_list to asprintf as if it were the arguments. These set one that does not.
TfLiteModel *edged_model(const void *data, size_t size, struct edged_report *report);
void edged_report_to(void *options, struct edged_report *report);

// edged_invoke runs the interpreter so many times in a row and stops at the first status that is not OK.
int edged_invoke(void *interpreter, int64_t times);
#endif
