#include "report.h"

#include <stdio.h>

static void append(void *user_data, const char *format, va_list args) {
  struct edged_report *report = user_data;
  size_t room = sizeof report->text - report->used;
  int n = vsnprintf(report->text + report->used, room, format, args);
  if (n > 0) report->used += (size_t)n < room ? (size_t)n : room - 1;
  // One message a line, whether it ends in a newline or not.
  if (report->used > 0 && report->text[report->used - 1] != '\n' && report->used + 1 < sizeof report->text) {
    report->text[report->used++] = '\n';
  }
}

TfLiteModel *edged_model(const void *data, size_t size, struct edged_report *report) {
  return TfLiteModelCreateWithErrorReporter(data, size, append, report);
}

void edged_report_to(void *options, struct edged_report *report) {
  TfLiteInterpreterOptionsSetErrorReporter(options, append, report);
}

int edged_invoke(void *interpreter, int64_t times) {
  int status = 0;
  for (int64_t i = 0; i < times && status == 0; i++) status = TfLiteInterpreterInvoke(interpreter);
  return status;
}
