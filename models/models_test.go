package models

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// weights returns the starter without its zip tail.
func weights(t testing.TB) []byte {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(starter), int64(len(starter)))
	if err != nil {
		t.Fatal(err)
	}
	first := len(starter)
	for _, f := range archive.File {
		data, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		first = min(first, int(data)-30-len(f.Name)-len(f.Extra)) // a local file header has 30 bytes and these
	}
	if starter[first:first+4] != "PK\x03\x04" {
		t.Fatal("did not find where the zip archive begins")
	}
	return []byte(starter[:first])
}

type entry struct{ name, text string }

// withTail zips the entries onto a flatbuffer, as Python's zipfile does.
func withTail(t testing.TB, flatbuffer []byte, entries ...entry) []byte {
	t.Helper()
	b := bytes.NewBuffer(bytes.Clone(flatbuffer))
	w := zip.NewWriter(b)
	w.SetOffset(int64(len(flatbuffer)))
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// manifest returns a valid edged.json with some keys changed; a nil value leaves the key out.
func manifest(t testing.TB, changes map[string]any) string {
	t.Helper()
	object := map[string]any{
		"format": 1, "name": "test", "version": "1", "frames": 16, "frame_rate": 8, "height": 96, "width": 96,
		"channel_order": "tc", "mean": []float64{128, 128, 128}, "std": []float64{128, 128, 128},
		"input_type": "int8", "output": "logits", "background": "still", "license": "MIT",
		"training_data": "procedural", "accuracy": map[string]any{"clips": 10, "int8": 0.9},
	}
	for key, value := range changes {
		if object[key] = value; value == nil {
			delete(object, key)
		}
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const twoLabels = "still\nmove\n"

func TestStarterIsWhole(t *testing.T) {
	m, err := Starter()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Labels) != 12 || m.Manifest.Frames != 16 || m.Manifest.FrameBytes() != 96*96*3 {
		t.Errorf("%d labels, %d frames of %d bytes", len(m.Labels), m.Manifest.Frames, m.Manifest.FrameBytes())
	}
	if m.Path != "built-in motions" {
		t.Errorf("path %q", m.Path)
	}
}

// people-half comes as a file: in the package in /usr/share/edged, else beside the program or in the source.
func TestAModelBesideTheProgram(t *testing.T) {
	data, err := os.ReadFile("people-half.tflite")
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 9<<20 {
		t.Errorf("it has %d bytes; at most 9 MB", len(data))
	}
	defer func() { executable = os.Executable }()
	for _, place := range []string{"share/edged", "bin", "models"} {
		root := t.TempDir()
		executable = func() (string, error) { return filepath.Join(root, "bin/edged"), nil }
		if _, err := Load("people-half"); err == nil || !strings.Contains(err.Error(), "no people-half.tflite in "+filepath.Join(root, "share/edged")) {
			t.Errorf("nowhere: %v", err)
		}
		path := filepath.Join(root, place, "people-half.tflite")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := Load("people-half")
		if err != nil {
			t.Fatal(err)
		}
		if m.Path != path || len(m.Labels) != 14 || m.Manifest.Embedding.Size != 1792 || m.IsBuiltIn() {
			t.Errorf("%s: %d labels, embedding of %d, from %s", place, len(m.Labels), m.Manifest.Embedding.Size, m.Path)
		}
	}
}

func TestStarterIsNotCopied(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Starter(); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > uint64(len(starter))/2 {
		t.Errorf("opening the embedded %d bytes allocates %d", len(starter), n)
	}
}

func TestOpen(t *testing.T) {
	data := withTail(t, weights(t), entry{"edged.json", manifest(t, nil)}, entry{"labels.txt", twoLabels}, entry{"other", "x"})
	path := filepath.Join(t.TempDir(), "model.tflite")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if m.Manifest.Name != "test" || m.Manifest.Std[2] != 128 || m.Labels[1] != "move" || m.Path != path {
		t.Errorf("read %+v, %v from %s", m.Manifest, m.Labels, m.Path)
	}
	if sum := sha256.Sum256(data); m.SHA256 != hex.EncodeToString(sum[:]) {
		t.Error("SHA256 is not that of the file")
	}
}

// What the errors advise: an archive appended as it is, offsets and all. The last one counts.
func TestAppendedArchives(t *testing.T) {
	data := withTail(t, weights(t), entry{"labels.txt", twoLabels})
	for _, name := range []string{"first", "second"} {
		archive := withTail(t, nil, entry{"labels.txt", twoLabels}, entry{"edged.json", manifest(t, map[string]any{"name": name})})
		data = append(data, archive...)
		m, err := fromBytes("m", data)
		if err != nil {
			t.Fatal(err)
		}
		if m.Manifest.Name != name {
			t.Errorf("read the manifest of %q, want %q", m.Manifest.Name, name)
		}
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	huge := filepath.Join(dir, "huge")
	f, err := os.Create(huge)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(maxFileBytes + 1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "absent"): "no such file",
		dir:                          "folder",
		huge:                         "256 MB",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", path, err, want)
		}
	}
}

func TestParseNamesTheProblem(t *testing.T) {
	w := weights(t)
	good := withTail(t, w, entry{"edged.json", manifest(t, nil)}, entry{"labels.txt", twoLabels})
	tail := func(changes map[string]any, labels string) []byte {
		return withTail(t, w, entry{"edged.json", manifest(t, changes)}, entry{"labels.txt", labels})
	}
	for _, c := range []struct {
		what string
		data []byte
		want []string
	}{
		{"empty file", nil, []string{"not a TFLite model"}},
		{"a picture", []byte("\x89PNG\r\n\x1a\n0000000000000000"), []string{"not a TFLite model"}},
		{"a zip archive alone", withTail(t, nil, entry{"edged.json", "{}"}), []string{"not a TFLite model"}},
		{"cut in the weights", good[:len(w)/2], []string{"truncated", "copy it again"}},
		{"cut in the zip archive", good[:len(good)-10], []string{"truncated", "zip"}},
		{"no tail", w, []string{"no manifest", ">>MODEL.tflite"}},
		{"no manifest in the tail", withTail(t, w, entry{"labels.txt", twoLabels}), []string{"no manifest"}},
		{"no labels in the tail", withTail(t, w, entry{"edged.json", manifest(t, nil)}), []string{"no labels.txt"}},
		{"two manifests", withTail(t, w, entry{"edged.json", "{}"}, entry{"edged.json", "{}"}, entry{"labels.txt", "a"}), []string{"twice"}},
		{"a manifest of 65 kB", tail(map[string]any{"license": strings.Repeat("x", 65<<10)}, twoLabels), []string{"64 kB"}},
		{"no JSON", withTail(t, w, entry{"edged.json", "frames: 16"}, entry{"labels.txt", twoLabels}), []string{"edged.json: invalid character"}},
		{
			"every problem at once",
			tail(map[string]any{"frames": 65, "height": 0, "frame_rate": -1, "channel_order": "tcc", "std": []int{1, 0, 1}}, "a\n\na\n"),
			[]string{
				"frames is 65; must be 1 to 64", "height is 0", "frame_rate is -1", `channel_order is "tcc"; must be one of tc, ct`,
				"std has 0", "labels.txt:2: empty label", `labels.txt:3: label "a" is already in line 1`,
			},
		},
		{
			"every key that is wrong",
			tail(map[string]any{"frames": "16", "framerate": 8, "frame_rate": nil, "name": json.RawMessage("null")}, twoLabels),
			[]string{`unknown key "framerate"`, "frame_rate is missing", `frames is "16"`, "name is null"},
		},
		{"another format", tail(map[string]any{"format": 3}, twoLabels), []string{"format is 3; this edged reads formats 1 and 2"}},
		{"two means", tail(map[string]any{"mean": []int{1, 2}}, twoLabels), []string{"mean has 2 values; must have 3"}},
		{"a negative std", tail(map[string]any{"std": []float64{1, 1, -1}}, twoLabels), []string{"std has -1; must be above 0"}},
		{"a std too near 0", tail(map[string]any{"std": []float64{1, 1e-38, 1}}, twoLabels), []string{"std 1e-38 makes inputs of 1.28e+40"}},
		{"a mean too far off", tail(map[string]any{"mean": []float64{1, 1, -1e42}}, twoLabels), []string{"mean -1e+42"}},
		{"hardly any rate", tail(map[string]any{"frame_rate": 1e-300}, twoLabels), []string{"frame_rate is 1e-300"}},
		{"an infinite rate", tail(map[string]any{"frame_rate": 1e300}, twoLabels), []string{"frame_rate is 1e+300"}},
		{"background that is no label", tail(map[string]any{"background": "nothing"}, twoLabels), []string{`background is "nothing"`}},
		{"no-break spaces", tail(nil, "still\u00a0\n\u00a0\nmo\u00a0ve\n"), []string{`labels.txt:1: label "still\u00a0": it ends with a no-break space (U+00A0)`, "labels.txt:2: empty label"}},
		{"Latin-1", tail(nil, "still\nstra\xdfe\n"), []string{"not UTF-8"}},
		{"a long label", tail(nil, "still\n"+strings.Repeat("move", 17)+"\n"), []string{`labels.txt:2: label "movemovemovemovemove"... has 68 bytes; at most 64`}},
		{"invisible characters in labels", tail(nil, "still\nmo\u200bve\nmove\u202e\nmove\uffff\n"), []string{
			"labels.txt:2: label", "U+200B", "labels.txt:3: label", "U+202E", "labels.txt:4: label", "U+FFFF",
		}},
		{"an escape sequence in the name", tail(map[string]any{"name": "a\x1b[2Jb", "version": "1\n2"}, twoLabels), []string{"name is", "U+001B", "version is"}},
		{"a long name", tail(map[string]any{"name": strings.Repeat("x", 60_000)}, twoLabels), []string{"has 60000 bytes; at most 64"}},
		{"a long licence", tail(map[string]any{"license": strings.Repeat("x", 20_000)}, twoLabels), []string{"license has 20000 bytes"}},
		{"no labels", tail(nil, "\n"), []string{"labels.txt: empty"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := fromBytes("some.tflite", c.data)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range append(c.want, "models: some.tflite: ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

// testdata/tails.json says what is taken and what is not; the Python reader, packaging.py, is held to it, too.
func TestTails(t *testing.T) {
	text, err := os.ReadFile("testdata/tails.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		What    string
		Set     map[string]json.RawMessage
		Without []string
		Labels  *string
		Good    bool
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	w := weights(t)
	for _, c := range cases {
		changes, labels := map[string]any{}, twoLabels
		for key, value := range c.Set {
			changes[key] = value
		}
		for _, key := range c.Without {
			changes[key] = nil
		}
		if c.Labels != nil {
			labels = *c.Labels
		}
		_, err := fromBytes("m", withTail(t, w, entry{"edged.json", manifest(t, changes)}, entry{"labels.txt", labels}))
		if (err == nil) != c.Good {
			t.Errorf("%s: error %v", c.What, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	head := []byte(starter[:4096])
	f.Add(head)
	f.Add(withTail(f, head, entry{"edged.json", manifest(f, nil)}, entry{"labels.txt", twoLabels}))
	// A flatbuffer without weights, small enough that the fuzzer gets behind it.
	small := []byte{
		24, 0, 0, 0, 'T', 'F', 'L', '3', // the model is at 24
		14, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, // vtable: five fields, only the last is there, 4 into the table
		16, 0, 0, 0, 4, 0, 0, 0, // table: 16 behind its vtable; buffers are 4 further
		0, 0, 0, 0, // none
	}
	if err := checkFlatbuffer(small); err != nil {
		f.Fatal(err)
	}
	f.Add(withTail(f, small, entry{"edged.json", manifest(f, nil)}, entry{"labels.txt", twoLabels}))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := fromBytes("fuzz", data)
		if err != nil {
			return
		}
		if m.Manifest.Frames < 1 || m.Manifest.Frames > maxFrames || m.Manifest.FrameBytes() > maxSize*maxSize*3 {
			t.Errorf("accepted %+v", m.Manifest)
		}
		if len(m.Labels) < 1 || len(m.Labels) > maxLabels {
			t.Errorf("accepted %d labels", len(m.Labels))
		}
	})
}

func FuzzManifestAndLabels(f *testing.F) {
	f.Add([]byte(manifest(f, nil)), []byte(twoLabels))
	f.Add([]byte(`{"format":1,"format":2,"mean":[1e400,null,{}]}`), []byte("a\x00\n\n"))
	f.Fuzz(func(t *testing.T, text, lines []byte) {
		if m, err := parseManifest(text); err == nil && (m.Std[0] <= 0 || m.Frames < 1) {
			t.Errorf("accepted %+v", m)
		}
		if labels, err := parseLabels(lines); err == nil && len(labels) == 0 {
			t.Error("accepted no labels")
		}
	})
}
