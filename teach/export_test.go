package teach

import (
	"archive/zip"
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"
)

// tiny is a JPEG, however small.
func tiny(t testing.TB) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAVIKeepsPictures(t *testing.T) {
	want := [][]byte{tiny(t), append(tiny(t), 0), tiny(t)}
	got, err := readAVI(writeAVI(8, 8, 8, want))
	if err != nil || len(got) != 3 {
		t.Fatalf("%d pictures, %v", len(got), err)
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("picture %d differs", i)
		}
	}
}

// export returns the action as a file.
func (r *room) export(name string) []byte {
	r.t.Helper()
	var b bytes.Buffer
	r.must(r.teacher.Export(&b, hall, name))
	return b.Bytes()
}

func (r *room) importFile(file []byte) (Action, error) {
	return r.teacher.Import(bytes.NewReader(file), int64(len(file)), hall)
}

func TestAnExportTeachesAnotherBoard(t *testing.T) {
	one := newRoom(t, "")
	one.jpeg = tiny(t)
	one.live(minutes(2))
	one.teach("ring", 3)
	file := one.export("ring")

	other := newRoom(t, t.TempDir())
	other.live(minutes(2))
	if _, err := other.importFile(file); err != nil {
		t.Fatal(err)
	}
	other.settle()
	a := other.get("ring")
	if a.State != Shadow || a.Examples != 3 || a.Live || a.LearnedAt.IsZero() {
		t.Fatalf("imported: %+v", a)
	}
	list, err := other.teacher.Examples(hall, "ring")
	if err != nil || list[0].Pictures == 0 {
		t.Fatalf("examples %+v, %v", list, err)
	}
	if _, err := other.importFile(file); !errors.Is(err, ErrNameTaken) {
		t.Errorf("imported twice: %v", err)
	}
	if _, err := other.teacher.Undo(hall); err != nil || len(other.all()) != 0 {
		t.Errorf("undo of an import: %v, %+v", err, other.all())
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	r := newRoom(t, t.TempDir())
	r.jpeg = tiny(t)
	r.live(minutes(1))
	r.teach("ring", 2)
	good := r.export("ring")
	r.must(r.teacher.Forget(hall, "ring"))
	for name, file := range map[string][]byte{
		"nothing":           nil,
		"no zip":            bytes.Repeat([]byte("x"), 1000),
		"cut off":           good[:len(good)/2],
		"no teach.json":     zipOf(t, "other.json", "{}"),
		"another format":    zipOf(t, exportMain, `{"format": 9}`),
		"no example":        zipOf(t, exportMain, `{"format": 1, "name": "a"}`),
		"null example":      zipOf(t, exportMain, `{"format": 1, "name": "a", "examples": [null]}`),
		"a bad window":      zipOf(t, exportMain, `{"format": 1, "name": "a", "examples": [{"id": "0011223344556677", "windows": ["AA=="], "offsets": [0]}]}`),
		"a time far off":    zipOf(t, exportMain, `{"format": 1, "name": "a", "examples": [{"id": "0011223344556677", "time": 9000000000000000000, "windows": [], "offsets": []}]}`),
		"a bomb":            zipOf(t, exportMain, strings.Repeat(" ", maxMain+1)),
		"a directory bomb":  directoryBomb(t),
		"a name with slash": zipOf(t, exportMain, strings.Replace(mainOf(t, good), `"ring"`, `"a/b"`, 1)),
		"a label's name":    zipOf(t, exportMain, strings.Replace(mainOf(t, good), `"ring"`, `"wave"`, 1)),
	} {
		if _, err := r.importFile(file); err == nil {
			t.Errorf("%s: imported", name)
		}
		if n := len(r.all()); n != 0 {
			t.Fatalf("%s: left %d actions", name, n)
		}
	}
	if entries := files(t, r.teacher.store.dir); len(entries) != 0 {
		t.Errorf("left files: %v", entries)
	}
}

func zipOf(t testing.TB, name, content string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// mainOf returns teach.json of an export.
func mainOf(t testing.TB, file []byte) string {
	p, err := openPackage(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	main, err := p.read(exportMain, maxMain)
	if err != nil {
		t.Fatal(err)
	}
	return string(main)
}

// directoryBomb is a zip file with very many empty files.
func directoryBomb(t testing.TB) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for range 20000 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzImport(f *testing.F) {
	f.Add(zipOf(f, exportMain, `{"format": 1, "name": "a", "examples": [{"id": "0011223344556677", "windows": [], "offsets": []}]}`))
	f.Add(writeAVI(8, 8, 8, [][]byte{tiny(f)}))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := newRoom(t, "")
		_, _ = r.importFile(file)
		_, _ = r.importFile(zipOf(t, exportMain, string(file)))
		if pictures, err := readAVI(file); err == nil && len(pictures) > maxPictures {
			t.Error("too many pictures")
		}
	})
}
