package models

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"

	"edged/internal/plaintext"
)

const (
	manifestName     = "edged.json"
	labelsName       = "labels.txt"
	maxManifestBytes = 64 << 10
	maxLabelsBytes   = 1 << 20
)

// If a zip archive is appended after another one, only the last counts. So this mends every case.
const howToAdd = "add both with `zip tail.zip " + labelsName + " " + manifestName + " && cat tail.zip >>MODEL.tflite`"

var errNoManifest = errors.New("no manifest (" + manifestName + ") in it; " + howToAdd)

type tail struct{ manifest, labels []byte }

// readTail reads the two files out of the zip archive at the end of data.
func readTail(data []byte) (*tail, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if bytes.Contains(data, []byte("PK\x03\x04")) { // there are entries, but no directory at the end
			return nil, fmt.Errorf("truncated: the zip archive at the end is incomplete (%w); copy the file again", err)
		}
		return nil, errNoManifest
	}
	manifest, errManifest := readEntry(archive, manifestName, maxManifestBytes)
	labels, errLabels := readEntry(archive, labelsName, maxLabelsBytes)
	if err := errors.Join(errManifest, errLabels); err != nil {
		return nil, err
	}
	return &tail{manifest, labels}, nil
}

func readEntry(archive *zip.Reader, name string, maxBytes int64) ([]byte, error) {
	var entry *zip.File
	for _, f := range archive.File {
		if f.Name != name {
			continue
		}
		if entry != nil {
			return nil, fmt.Errorf("%s appears twice; %s", name, howToAdd)
		}
		entry = f
	}
	if entry == nil {
		if name == manifestName {
			return nil, errNoManifest
		}
		return nil, fmt.Errorf("no %s beside the manifest; %s", name, howToAdd)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	// The size in the directory need not be true.
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(text)) > maxBytes {
		return nil, fmt.Errorf("%s: more than %d kB", name, maxBytes>>10)
	}
	return plaintext.Clean(text), nil
}
