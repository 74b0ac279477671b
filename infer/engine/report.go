package engine

// #include <stdlib.h>
// #include "report.h"
import "C"

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/mattn/go-tflite"
)

// report collects TFLite's messages. It lies in C memory, because TFLite keeps the pointer.
type report struct{ c *C.struct_edged_report }

func newReport() *report {
	return &report{(*C.struct_edged_report)(C.calloc(1, C.sizeof_struct_edged_report))}
}

func (r *report) attach(options *tflite.InterpreterOptions) {
	C.edged_report_to(*handle(options), r.c)
}

// take returns the messages since the last take, on one line.
func (r *report) take() string {
	said := C.GoStringN(&r.c.text[0], C.int(r.c.used))
	r.c.used = 0
	return strings.Join(strings.FieldsFunc(said, func(c rune) bool { return c == '\n' }), "; ")
}

func (r *report) err(doing string) error {
	if said := r.take(); said != "" {
		return fmt.Errorf("%s: TFLite: %s", doing, said)
	}
	return fmt.Errorf("%s: TFLite failed without saying why", doing)
}

func (r *report) free() { C.free(unsafe.Pointer(r.c)) }
