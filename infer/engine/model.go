package engine

// #include "report.h"
import "C"

import (
	"runtime"
	"unsafe"

	"github.com/mattn/go-tflite"
)

// cModel is a model whose file TFLite reads where it lies: weights that no delegate repacks are used from there.
type cModel struct {
	tflite.Model
	pinner runtime.Pinner
}

// alignment is what a flatbuffer's vectors of weights are laid out for, counted from its first byte.
const alignment = 16

// loadModel keeps data in place until Delete. (tflite.NewModel would copy it.)
func loadModel(data []byte, r *report) (*cModel, error) {
	if uintptr(unsafe.Pointer(&data[0]))%alignment != 0 { // an embedded file lies at any address
		data = append(make([]byte, 0, len(data)), data...)
	}
	m := &cModel{}
	m.pinner.Pin(&data[0])
	c := C.edged_model(unsafe.Pointer(&data[0]), C.size_t(len(data)), r.c)
	if c == nil {
		m.pinner.Unpin()
		return nil, r.err("load the model")
	}
	*handle(&m.Model) = unsafe.Pointer(c)
	return m, nil
}

// Delete frees what TFLite made of the file; nil does nothing.
func (m *cModel) Delete() {
	if m != nil {
		m.Model.Delete()
		m.pinner.Unpin()
	}
}

// handle is the C pointer in a go-tflite object. It is unexported there, but for each of these types the first field
// (TestHandles), and go-tflite offers no way to set a reporter that works, load a model in place, or run a C loop.
func handle[T tflite.Model | tflite.InterpreterOptions | tflite.Interpreter](wrapper *T) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Pointer(wrapper))
}
