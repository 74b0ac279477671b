// Package models reads model files. A model file is a TFLite flatbuffer with labels.txt and the manifest edged.json zipped onto
// its end, as TFLite Metadata does with associated files. archive/zip finds the entries from the end of the file, and every
// TFLite runtime ignores them.
package models

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"edged/internal/plainfile"
)

// Model is one model file. It has been checked as far as that is possible without TFLite. Whoever loads it must check that its
// tensors match the manifest.
type Model struct {
	Manifest Manifest
	Labels   []string // in the order of the output tensor
	Data     []byte   // the whole file; read only, and valid as long as something refers to the Model
	SHA256   string   // of the file, in hex, as sha256sum prints it
	Path     string   // as it was opened; see Load for models of the program

	mapped bool // Data is the mapped file
}

// IsBuiltIn reports whether the model is one of the program's.
func (m *Model) IsBuiltIn() bool { return !m.mapped }

const (
	maxFileBytes = 256 << 20
	readSize     = 1 << 20
)

// Open maps the model file at path and checks it. The error names every problem that it has.
//
// The file must not be overwritten while the Model is in use. Replacing it by a rename is safe.
func Open(path string) (*Model, error) {
	m, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	m.Path = path
	return m, nil
}

func open(path string) (*Model, error) {
	f, err := plainfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// Hashing the mapped file would bring all of it into this process's memory. Without read-ahead, reads have to be large.
	smallPages(f)
	sum := sha256.New()
	size, err := io.CopyBuffer(sum, io.LimitReader(f, maxFileBytes+1), make([]byte, readSize))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if size > maxFileBytes {
		return nil, fmt.Errorf("it has more than %d MB, the most that a model may have", maxFileBytes>>20)
	}
	if size == 0 {
		return nil, errors.New("it is empty")
	}
	data, err := mapFile(f, int(size))
	if err != nil {
		return nil, fmt.Errorf("map the file: %w", err)
	}
	m := &Model{Data: data, SHA256: hex.EncodeToString(sum.Sum(nil)), mapped: true}
	unmapAfter(m, data)
	if err := m.parse(); err != nil {
		return nil, err
	}
	m.Release()
	return m, nil
}

// fromBytes is Open for a file that is in memory.
func fromBytes(path string, data []byte) (*Model, error) {
	sum := sha256.Sum256(data)
	m := &Model{Data: data, SHA256: hex.EncodeToString(sum[:]), Path: path}
	if err := m.parse(); err != nil {
		return nil, fmt.Errorf("models: %s: %w", path, err)
	}
	return m, nil
}

// parse reads manifest and labels.
func (m *Model) parse() error {
	if err := checkFlatbuffer(m.Data); err != nil {
		return err
	}
	files, err := readTail(m.Data)
	if err != nil {
		return err
	}
	manifest, errManifest := parseManifest(files.manifest)
	labels, errLabels := parseLabels(files.labels)
	if err := errors.Join(errManifest, errLabels); err != nil {
		return err
	}
	m.Manifest, m.Labels = *manifest, labels
	return manifest.checkBackground(labels)
}
