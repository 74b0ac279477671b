package main

import (
	"context"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"edged/models"
	"edged/teach"
)

// day is what happens before one camera, as features of its windows.
type day struct {
	path     string // of the video, without its ending
	events   []event
	features map[string]bool // which ones the events have
}

// event is something that happens.
type event struct {
	from, to time.Duration
	labels   []string
	windows  map[string][]teach.Window      // by feature
	copies   map[string][][]teach.Embedding // by feature, for each window: what altered pictures of it give
}

func (e *event) shows(label string) bool { return slices.Contains(e.labels, label) }

// mayShow reports whether nobody knows if the event shows the action: it does not count then.
func (e *event) mayShow(label string) bool { return slices.Contains(e.labels, "?"+label) }

// embeddings are those of all windows.
func (e *event) embeddings(feature string) (all teach.Example) {
	for _, w := range e.windows[feature] {
		all = append(all, w.Embedding)
	}
	return all
}

func readDay(folder, name string) (*day, error) {
	d := &day{path: filepath.Join(folder, name), features: map[string]bool{}}
	file, err := os.Open(d.path + ".tsv")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list := csv.NewReader(file)
	list.Comma = '\t'
	rows, err := list.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s.tsv: %w", d.path, err)
	}
	for _, row := range rows[1:] {
		from, err := strconv.ParseFloat(row[0], 64)
		to, err2 := strconv.ParseFloat(row[1], 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("%s.tsv: %w", d.path, err)
		}
		e := event{from: seconds(from), to: seconds(to), labels: strings.Split(row[2], "+")}
		e.windows, e.copies = map[string][]teach.Window{}, map[string][][]teach.Embedding{}
		d.events = append(d.events, e)
	}
	if len(d.events) == 0 {
		return nil, fmt.Errorf("%s.tsv: no event", d.path)
	}
	return d, nil
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

func (d *day) all() (events []*event) {
	for i := range d.events {
		events = append(events, &d.events[i])
	}
	return events
}

// at returns the event that is shown then.
func (d *day) at(t time.Duration) *event {
	const rounding = 60 * time.Millisecond
	i, _ := slices.BinarySearchFunc(d.events, t, func(e event, t time.Duration) int { return int(e.to + rounding - t) })
	if i == len(d.events) || t < d.events[i].from-rounding {
		return nil
	}
	return &d.events[i]
}

// read adds the features of the file that another program wrote.
func (d *day) read(feature string) error {
	if d.features[feature] {
		return nil
	}
	windows, err := readRows(d.path + "." + feature + ".f32")
	if err != nil {
		return err
	}
	for _, w := range windows {
		if e := d.at(w.Time); e != nil {
			e.windows[feature] = append(e.windows[feature], w)
		}
	}
	return d.complete(feature)
}

// complete makes sure that each event has a window.
func (d *day) complete(feature string) error {
	for _, e := range d.events {
		if len(e.windows[feature]) == 0 {
			return fmt.Errorf("%s: no window of %s from %v to %v", d.path, feature, e.from, e.to)
		}
	}
	d.features[feature] = true
	return nil
}

// play adds the embeddings that edged gives, and those of altered pictures of each event for which copied is true.
func (d *day) play(ctx context.Context, feature string, m *models.Model, copied func(*event) bool) error {
	if d.features[feature] {
		return nil
	}
	f := &film{day: d, feature: feature, model: m, copied: copied}
	if err := f.play(ctx); err != nil {
		return err
	}
	return d.complete(feature)
}

// readRows reads what describe in __main__.py writes.
func readRows(path string) ([]teach.Window, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := make([]float32, len(data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	if len(values) == 0 || values[0] < 1 || (len(values)-1)%(int(values[0])+1) != 0 {
		return nil, fmt.Errorf("%s: is no list of windows", path)
	}
	size := int(values[0]) + 1
	var windows []teach.Window
	for row := range slices.Chunk(values[1:], size) {
		windows = append(windows, teach.Window{Time: seconds(float64(row[0])), Embedding: row[1:]})
	}
	return windows, nil
}
