package engine

// #define _GNU_SOURCE
// #include <dlfcn.h>
// #include <tensorflow/lite/c/c_api.h>
//
// static const char *library_path(void) {
//   Dl_info info;
//   return dladdr((void *)TfLiteVersion, &info) != 0 ? info.dli_fname : "";
// }
import "C"

import (
	"strings"
	"unsafe"

	"github.com/mattn/go-tflite"
)

// CanCacheWeights reports whether XNNPACK of this TFLite can map its packed weights from a file (Options.WeightCache). The path is a
// field of a struct that differs between versions, so edged sets it only in those whose struct it knows.
func CanCacheWeights() bool {
	return strings.HasPrefix(tflite.Version(), "2.17.") && unsafe.Sizeof(uintptr(0)) == 8
}

// LibraryPath returns the path of the TFLite library in use, "" if the loader does not tell.
func LibraryPath() string { return C.GoString(C.library_path()) }
