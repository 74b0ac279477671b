// Package models reads model files: a TFLite flatbuffer with labels.txt and the manifest edged.json zipped onto its
// end, as TFLite Metadata's associated files are. archive/zip finds the entries from the file's end, every TFLite
// runtime ignores them.
package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"edged/internal/plainfile"
)

// Model is one model file, read and checked as far as that goes without TFLite; whether its tensors are what the
// manifest says is checked by who loads it.
type Model struct {
	Manifest Manifest
	Labels   []string // in the order of the output tensor
	Data     []byte   // the whole file; read only
	SHA256   string   // of Data, in hex: what sha256sum prints
	Path     string   // as it was opened, or BuiltIn
}

// BuiltIn stands for a path in the embedded starter model.
const BuiltIn = "built-in starter"

const maxFileBytes = 256 << 20

// Open reads the model file at path. The error names every problem that was found.
func Open(path string) (*Model, error) {
	data, err := plainfile.Read(path, maxFileBytes)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	return parse(path, data)
}

func parse(path string, data []byte) (*Model, error) {
	if err := checkFlatbuffer(data); err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	files, err := readTail(data)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	manifest, errManifest := parseManifest(files.manifest)
	labels, errLabels := parseLabels(files.labels)
	err = errors.Join(errManifest, errLabels)
	if err == nil {
		err = manifest.checkBackground(labels)
	}
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	return &Model{Manifest: *manifest, Labels: labels, Data: data, SHA256: hex.EncodeToString(sum[:]), Path: path}, nil
}
