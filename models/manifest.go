package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"edged/internal/bounds"
	"edged/internal/printable"
)

// Manifest is edged.json. It holds what the tensors alone do not tell.
type Manifest struct {
	Format       int
	Name         string
	Version      string
	Frames       int     // T: frames in a window
	FrameRate    float64 // frames a second that the model was trained at
	Height       int     // of a frame, pixels
	Width        int
	ChannelOrder string     // TimeMajor or ColorMajor
	Mean, Std    [3]float64 // R, G, B: the model's real input is (u8-Mean)/Std
	InputType    string     // int8, uint8 or float32: the input tensor's
	Output       string     // Logits or Probabilities
	Background   string     // the label for "nothing happens", which never starts an action; "" for none
	License      string
	TrainingData string
	Accuracy     map[string]any // as the model's maker measured it; edged only shows it
	Embedding    Embedding      // of format 2; format 1 has none
}

// Embedding is the model's second output, [1,Size]: features of a window, from which the labels' scores are computed.
type Embedding struct {
	Size int // numbers; 0 where the model has no embedding
}

// How the tensor's 3T channels are laid out (T frames, C = R, G, B).
const (
	TimeMajor  = "tc" // channel t*3+c
	ColorMajor = "ct" // channel c*T+t: the official SqueezeTime checkpoints
)

// What the output tensor holds.
const (
	Logits        = "logits"
	Probabilities = "probabilities"
)

// The formats of edged.json. formatEmbedding declares an embedding, formatPlain has none.
const (
	formatPlain     = 1
	formatEmbedding = 2
)

const (
	maxEmbedding = 16384
	maxFrames    = 64
	maxSize      = 1024
)

// FrameBytes is the size in bytes of one frame of the model's input: [Height,Width,3] u8.
func (m *Manifest) FrameBytes() int { return m.Height * m.Width * 3 }

// WindowBytes is the size of the input tensor: [1,Height,Width,3*Frames] elements of InputType.
func (m *Manifest) WindowBytes() int64 {
	elements := int64(m.Frames) * int64(m.FrameBytes())
	if m.InputType == "float32" {
		return 4 * elements
	}
	return elements
}

// parseManifest reads edged.json. Unlike json.Unmarshal it refuses unknown keys and null, and names every problem.
func parseManifest(text []byte) (*Manifest, error) {
	var m Manifest
	var mean, std []float64
	optional := map[string]any{"license": &m.License, "training_data": &m.TrainingData, "accuracy": &m.Accuracy, "embedding": &m.Embedding}
	required := map[string]any{
		"format": &m.Format, "name": &m.Name, "version": &m.Version,
		"frames": &m.Frames, "frame_rate": &m.FrameRate, "height": &m.Height, "width": &m.Width,
		"channel_order": &m.ChannelOrder, "mean": &mean, "std": &std,
		"input_type": &m.InputType, "output": &m.Output, "background": &m.Background,
	}
	errs := decodeObject(text, required, optional)
	if len(errs) == 0 {
		errs = append(m.problems(), rgb("mean", mean, &m.Mean), rgb("std", std, &m.Std), normalizing(mean, std))
	}
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", manifestName, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &m, nil
}

// decodeObject puts each key's value where the maps say.
func decodeObject(text []byte, required, optional map[string]any) (errs []error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return []error{err}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		into := required[key]
		if into == nil {
			into = optional[key]
		}
		if into == nil {
			errs = append(errs, fmt.Errorf("unknown key %q", key))
			continue
		}
		value := object[key]
		if bytes.Equal(value, []byte("null")) {
			errs = append(errs, fmt.Errorf("%s is null", key))
		} else if err := json.Unmarshal(value, into); err != nil {
			errs = append(errs, fmt.Errorf("%s is %s: %w", key, value, err))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(required)) {
		if _, ok := object[key]; !ok {
			errs = append(errs, fmt.Errorf("%s is missing", key))
		}
	}
	return errs
}

func (m *Manifest) problems() []error {
	if m.Format != formatPlain && m.Format != formatEmbedding {
		return []error{fmt.Errorf("format is %d; this edged reads formats %d and %d", m.Format, formatPlain, formatEmbedding)}
	}
	errs := []error{
		upTo("frames", m.Frames, maxFrames),
		upTo("height", m.Height, maxSize),
		upTo("width", m.Width, maxSize),
		oneOf("channel_order", m.ChannelOrder, TimeMajor, ColorMajor),
		oneOf("input_type", m.InputType, "int8", "uint8", "float32"),
		oneOf("output", m.Output, Logits, Probabilities),
	}
	errs = append(errs, m.checkEmbedding())
	if m.Name == "" {
		errs = append(errs, errors.New("name is empty"))
	}
	errs = append(errs, shortText("name", m.Name), shortText("version", m.Version), bounded("license", m.License), bounded("training_data", m.TrainingData))
	if err := bounds.CheckFrameRate(m.FrameRate); err != nil {
		errs = append(errs, fmt.Errorf("frame_rate is %g; %w", m.FrameRate, err))
	}
	return errs
}

// checkEmbedding says whether the format and the embedding fit together.
func (m *Manifest) checkEmbedding() error {
	if m.Format == formatEmbedding {
		return upTo("embedding size", m.Embedding.Size, maxEmbedding)
	}
	if m.Embedding != (Embedding{}) {
		return fmt.Errorf("embedding is for format %d; the manifest has format %d", formatEmbedding, m.Format)
	}
	return nil
}

// UnmarshalJSON refuses unknown keys and null, as parseManifest does.
func (e *Embedding) UnmarshalJSON(text []byte) error {
	return errors.Join(decodeObject(text, map[string]any{"size": &e.Size}, nil)...)
}

func (m *Manifest) checkBackground(labels []string) error {
	if m.Background == "" || slices.Contains(labels, m.Background) {
		return nil
	}
	return fmt.Errorf("%s: background is %q, which is not in %s; name one of its labels, or \"\" for none",
		manifestName, m.Background, labelsName)
}

// shortText is for what stands in every event and in the status.
func shortText(key, text string) error {
	if len(text) > bounds.MaxLabelBytes {
		return fmt.Errorf("%s %.20q... has %d bytes; at most %d", key, text, len(text), bounds.MaxLabelBytes)
	}
	if err := printable.Check(text); err != nil {
		return fmt.Errorf("%s is %q: %w", key, text, err)
	}
	return nil
}

// maxTextBytes bounds the longer texts, which only edged model shows.
const maxTextBytes = 10_000

func bounded(key, text string) error {
	if len(text) > maxTextBytes {
		return fmt.Errorf("%s has %d bytes; at most %d", key, len(text), maxTextBytes)
	}
	return nil
}

func upTo(key string, value, most int) error {
	if value >= 1 && value <= most {
		return nil
	}
	return fmt.Errorf("%s is %d; must be 1 to %d", key, value, most)
}

func oneOf(key, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s is %q; must be one of %s", key, value, strings.Join(allowed, ", "))
}

func rgb(key string, values []float64, into *[3]float64) error {
	if len(values) != len(into) {
		return fmt.Errorf("%s has %d values; must have 3 (R, G, B)", key, len(values))
	}
	copy(into[:], values)
	return nil
}

// normalizing returns an error unless (u8-mean)/std is a finite float32 for every u8.
func normalizing(mean, std []float64) error {
	for c := range min(len(mean), len(std)) {
		if std[c] <= 0 {
			return fmt.Errorf("std has %g; must be above 0", std[c])
		}
		if largest := max(math.Abs(mean[c]), math.Abs(255-mean[c])) / std[c]; largest > math.MaxFloat32 {
			return fmt.Errorf("mean %g with std %g makes inputs of %g; must be float32 numbers, %g at most", mean[c], std[c], largest, math.MaxFloat32)
		}
	}
	return nil
}
