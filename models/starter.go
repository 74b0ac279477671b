package models

import (
	_ "embed"
	"unsafe"
)

//go:embed starter.tflite
var starter string

// Starter returns the model that is embedded in the program: twelve simple motions, from 16 frames of 96x96.
func Starter() (*Model, error) {
	// The string lies in the program's read-only pages, which are loaded as they are touched; Data is those pages.
	return fromBytes(BuiltIn, unsafe.Slice(unsafe.StringData(starter), len(starter)))
}
