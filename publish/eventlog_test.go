package publish

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"edged/internal/clock"
	"edged/internal/sink"
	"edged/internal/testkit"
)

// At every moment the files say what the outbox holds, over several processes that are killed.
func TestTheFilesAgreeWithTheOutbox(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	dir := t.TempDir()
	var id uint64
	for range 8 {
		dir = copyOf(t, dir)
		o, log := openOutbox(t, dir)
		o.SetLimits(Limits{Events: 20, Bytes: 1 << 20, Age: roomy.Age})
		for range 30 {
			for range random.IntN(6) {
				id++
				o.put(event(id, sink.Start))
			}
			for range random.IntN(6) {
				_, at, _ := o.oldest()
				o.remove(at)
			}
			switch random.IntN(10) {
			case 0:
				o.disk.file.newSegment = true
			case 1:
				_ = o.sync() // the next one makes up for a failure
			case 2: // after a failed sync everything is written again
				o.disk.file.distrusted = true
			}
			o.update()
			next, _ := openOutbox(t, copyOf(t, dir))
			if got, want := contents(next), contents(o); !slices.Equal(got, want) {
				t.Fatalf("the files hold %v, the outbox %v", got, want)
			}
			next.end()
		}
		if text := log.String(); strings.Contains(text, "damaged") || strings.Contains(text, "edged removes it") {
			t.Fatalf("log: %s", text)
		}
	}
}

// Whatever a power cut leaves behind the last whole line is cut off, and said; the rest stays.
func TestAnIncompleteEndIsCutOff(t *testing.T) {
	t.Parallel()
	dir := leftBehind(t, 10)
	path := segmentOf(t, dir)
	whole := must(os.ReadFile(path))
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for name, c := range map[string]struct {
		text []byte
		want int
	}{
		"half a line":    {whole[:len(whole)-20], 9},
		"no end of line": {whole[:len(whole)-1], 9},
		"zeros":          {append(bytes.Join(lines[:4], nil), make([]byte, 4096)...), 4},
		"garbage":        {append(bytes.Join(lines[:4], nil), "x\n\x00\n{}\n"...), 4},
	} {
		if err := os.WriteFile(path, c.text, 0o600); err != nil {
			t.Fatal(err)
		}
		again := copyOf(t, dir)
		o, log := openOutbox(t, again)
		if got := contents(o); len(got) != c.want || !log.Has("edged removes it")() || log.Has("damaged")() {
			t.Errorf("%s: %v, want %d events: %s", name, got, c.want, log)
		}
		o.put(event(99, sink.Start))
		o.update()
		if ids := found(t, again); len(ids) != c.want+1 {
			t.Errorf("%s: then %v", name, ids)
		}
	}
}

// Damage costs the events in the damaged lines. The file is put aside, and the log says so.
func TestDamagedSegmentsArePutAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, _ := openOutbox(t, dir)
	for n := range uint64(30) { // three segments of ten
		o.put(event(n, sink.Start))
		o.disk.file.newSegment = n%10 == 0
		o.update()
	}
	dir = copyOf(t, dir)
	paths, _ := filepath.Glob(filepath.Join(dir, outboxFolder, "*"+segmentEnding))
	if len(paths) != 3 {
		t.Fatalf("%d segments", len(paths))
	}
	for name, c := range map[string]struct {
		segment int
		damage  func(text []byte) []byte
		left    int
	}{
		"zeroed":            {0, func(text []byte) []byte { return make([]byte, len(text)) }, 20},
		"zeroed last":       {2, func(text []byte) []byte { return make([]byte, len(text)) }, 20},
		"a hole":            {1, func(text []byte) []byte { return append(make([]byte, 400), text[400:]...) }, 28},
		"a hole in the end": {2, func(text []byte) []byte { return append(make([]byte, 400), text[400:]...) }, 28},
		"cut short":         {0, func(text []byte) []byte { return text[:len(text)/2-3] }, 24},
	} {
		again := copyOf(t, dir)
		path := filepath.Join(again, outboxFolder, filepath.Base(paths[c.segment]))
		if err := os.WriteFile(path, c.damage(must(os.ReadFile(path))), 0o600); err != nil {
			t.Fatal(err)
		}
		o, log := openOutbox(t, again)
		if n := o.Waiting(); n < c.left-1 || n > c.left || !log.Has("is damaged")() || !log.Has(path+damagedEnding)() {
			t.Errorf("%s: %d events are left, want about %d: %s", name, n, c.left, log)
		}
		if _, err := os.Stat(path + damagedEnding); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		next, log := openOutbox(t, copyOf(t, again))
		if got, want := contents(next), contents(o); !slices.Equal(got, want) || log.Has("damaged")() {
			t.Errorf("%s: the next process finds %v, want %v: %s", name, got, want, log)
		}
	}
}

// A segment that is gone, or lacks whole lines, is noticed by what the later ones say.
func TestMissingEventsAreReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, _ := openOutbox(t, dir)
	for n := range uint64(30) {
		o.put(event(n, sink.Start))
		o.disk.file.newSegment = n%10 == 0
		o.update()
	}
	dir = copyOf(t, dir)
	paths, _ := filepath.Glob(filepath.Join(dir, outboxFolder, "*"+segmentEnding))
	if err := os.Remove(paths[1]); err != nil {
		t.Fatal(err)
	}
	o, log := openOutbox(t, dir)
	if o.Waiting() != 20 || !log.Has("events are missing")() || !log.Has("events=10")() {
		t.Errorf("%d wait: %s", o.Waiting(), log)
	}
}

// Random damage costs events at most: never the process, and never the ability to keep new events.
func TestRandomDamage(t *testing.T) {
	testkit.Slow(t)
	t.Parallel()
	good := must(os.ReadFile(segmentOf(t, leftBehind(t, 50))))
	random := rand.New(rand.NewPCG(3, 4))
	for i := range 150 {
		bad := bytes.Clone(good)
		switch i % 3 {
		case 0: // a piece of another file
			at := random.IntN(len(bad) - 512)
			for k := range 512 {
				bad[at+k] = byte(random.Uint32())
			}
		case 1:
			bad = bad[:random.IntN(len(bad))]
		case 2:
			for range 20 {
				bad[random.IntN(len(bad))] ^= byte(1 + random.IntN(255))
			}
		}
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, outboxFolder), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, outboxFolder, "1.log"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		o, log := openOutbox(t, dir)
		left := o.Waiting()
		if !log.Has("damaged")() && !log.Has("edged removes it")() && (i%3 != 1 || !bytes.HasSuffix(bad, []byte("\n"))) {
			t.Errorf("damage %d is not reported: %s", i, log)
		}
		o.put(event(1000, sink.Start))
		o.update()
		if ids := found(t, dir); len(ids) != left+1 || o.Err() != nil {
			t.Errorf("damage %d: %d events, then %d; %v", i, left, len(ids), o.Err())
		}
		o.end()
	}
}

// With the broker away for good, the files stay within the limit and a segment.
func TestTheFilesStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, _ := openOutbox(t, dir)
	limit := 300_000
	o.SetLimits(Limits{Events: 1000, Bytes: limit, Age: roomy.Age})
	var largest int64
	for id := range uint64(10_000) {
		o.put(event(id, sink.Start))
		if id%10 == 0 {
			o.update()
			largest = max(largest, sizeOf(t, dir))
		}
	}
	if t.Logf("%d bytes at most", largest); largest > int64(limit)+segmentBytes {
		t.Errorf("%d bytes of files", largest)
	}
	o.update()
	next, _ := openOutbox(t, copyOf(t, dir))
	if !slices.Equal(contents(next), contents(o)) {
		t.Error("the files do not hold what the outbox holds")
	}
}

func sizeOf(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(dir, outboxFolder, "*"))
	for _, path := range paths {
		bytes += must(os.Stat(path)).Size()
	}
	return bytes
}

func TestRecordBytesIsWhatARecordTakes(t *testing.T) {
	e := event(1<<40, sink.Update)
	e.Model = sink.Model{Name: "edged-starter", SHA256: strings.Repeat("ab", 32)}
	q := queued{Event: e, since: e.Newest}
	line := encodeLines(1<<30, 1<<30, []record{newRecord(&q, bootID(), clock.Now())})
	if n := len(line); n > q.bytes() || n < q.bytes()*2/3 {
		t.Errorf("%d bytes; the limits count %d", n, q.bytes())
	}
}

// Every field of an event is the same after a restart. A field that is added to sink.Event needs a place in savedEvent.
func TestEveryFieldOfAnEventIsSaved(t *testing.T) {
	var e sink.Event
	value := reflect.ValueOf(&e).Elem()
	for i := range value.NumField() {
		fillField(value.Field(i), float64(i+1)/100)
	}
	e.Camera, e.View, e.Phase = "yard", "yard/gate", sink.Update
	line := encodeLines(1, 1, []record{newRecord(&queued{Event: e}, "this", clock.Now())})
	var content logContent
	if content.read(line); len(content.records) != 1 {
		t.Fatalf("%d records in %s", len(content.records), line)
	}
	if got := content.records[0].queued("this", 0).Event; !reflect.DeepEqual(got, e) {
		t.Errorf("got %+v\nwant %+v", got, e)
	}
}

// A model may give scores that are no numbers. Such an event can be written, too.
func TestAnEventWithoutNumbersIsSaved(t *testing.T) {
	nan, infinite := float32(math.NaN()), math.Inf(-1)
	e := sink.Event{Score: nan, Peak: float32(infinite), Box: [4]float64{infinite, math.NaN(), 0.5, 0.5}}
	var content logContent
	content.read(encodeLines(1, 1, []record{newRecord(&queued{Event: e}, "this", clock.Now())}))
	if len(content.records) != 1 || content.records[0].Event.Box != [4]float64{0, 0, 0.5, 0.5} {
		t.Errorf("got %+v", content.records)
	}
}

// fillField gives every part of the value something else than its zero value.
func fillField(v reflect.Value, x float64) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint(x))
	case reflect.Uint64:
		v.SetUint(uint64(1000 * x))
	case reflect.Int64:
		v.SetInt(int64(1000 * x))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(x)
	case reflect.Struct:
		for i := range v.NumField() {
			fillField(v.Field(i), x+float64(i+1)/1000)
		}
	case reflect.Slice: // names
		v.Set(reflect.ValueOf([]string{fmt.Sprintf("name-%d", int(1000*x))}))
	case reflect.Array:
		for i := range v.Len() {
			fillField(v.Index(i), x+float64(i+1)/1000)
		}
	default:
		panic("a field of another kind: " + v.Kind().String())
	}
}

// Whatever the file says, what is taken from it can be published and written again.
func FuzzEventLog(f *testing.F) {
	text := must(os.ReadFile(segmentOf(f, leftBehind(f, 3))))
	f.Add(text)
	f.Add([]byte(`{"Head":18446744073709551615,"Seq":18446744073709551615,"Record":{}}`))
	f.Add([]byte(`{"Seq":1,"Record":{"Event":{"Phase":3}}}`))
	p, _ := testPublisher(f, "tcp://127.0.0.1:1")
	f.Fuzz(func(t *testing.T, text []byte) {
		survives(t, p, text)
		survives(t, p, appendChecksum(nil, text))
	})
}

func TestAWrongBit(t *testing.T) {
	p, _ := testPublisher(t, "tcp://127.0.0.1:1")
	text := must(os.ReadFile(segmentOf(t, leftBehind(t, 3))))
	for bit := range 8 * len(text) {
		text[bit/8] ^= 1 << (bit % 8)
		if n := survives(t, p, text); n > 3 || n < 1 || n == 3 && text[bit/8]|0x20 != text[bit/8]^1<<(bit%8)|0x20 {
			t.Errorf("bit %d: %d events", bit, n)
		}
		text[bit/8] ^= 1 << (bit % 8)
	}
}

// survives reads the text as a segment, does with the events what can be done, and returns how many there are.
func survives(t *testing.T, p *Publisher, text []byte) int {
	var content logContent
	content.read(text)
	for i := range content.records {
		q := content.records[i].queued("this", 0)
		encodeLines(1, 1, []record{newRecord(&q, "this", clock.Now())})
		a := p.states.action(q.View, q.Label)
		if a == nil {
			continue
		}
		if payload := p.encoder.append(nil, &q, a, clock.Now()); !json.Valid(payload) {
			t.Errorf("published: %q", payload)
		}
	}
	return len(content.records)
}

// A phase that does not exist makes the line unreadable; it does not end edged.
func TestADamagedPhase(t *testing.T) {
	for phase, good := range map[string]bool{"0": true, "2": true, "3": false, "4": false, "255": false, "256": false, "-1": false, "1.5": false} {
		line := appendChecksum(nil, []byte(`{"Seq":7,"Record":{"Run":"cafe","Event":{"ID":3,"Source":"front","Label":"wave","Phase":`+phase+`}}}`))
		var content logContent
		if content.read(line); len(content.records) == 1 != good {
			t.Errorf("phase %s: %d events", phase, len(content.records))
		}
	}
}

// The files that edged wrote before it had this log are taken over, and then they are gone.
func TestAnOlderVersionsOutboxIsTakenOver(t *testing.T) {
	t.Parallel()
	dir := olderVersionsFolder(t)
	o, log := openOutbox(t, dir)
	want := "[1 2 3 4 5 6 7]"
	if got := fmt.Sprint(contents(o)); got != want {
		t.Errorf("got %s, want %s: %s", got, want, log)
	}
	q, _, _ := o.oldest()
	if q.ID.String() != "b7c6d8f2-1" || q.View != "front" || q.Label != "wave" || q.Phase != sink.Update || q.Score != 0.75 {
		t.Errorf("the first event is %+v", q)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "outbox.*")); len(left) > 0 {
		t.Errorf("%v are still there", left)
	}
	next, _ := openOutbox(t, copyOf(t, dir))
	if got := fmt.Sprint(contents(next)); got != want {
		t.Errorf("the next process finds %s, want %s", got, want)
	}
}

// Damage of an older version's database costs what was in it. What is only in its notes is taken over.
func TestAnOlderVersionsDamagedOutbox(t *testing.T) {
	t.Parallel()
	dir := olderVersionsFolder(t)
	path := filepath.Join(dir, formerDatabase)
	if err := os.WriteFile(path, make([]byte, 32768), 0o600); err != nil {
		t.Fatal(err)
	}
	o, log := openOutbox(t, dir)
	if got := fmt.Sprint(contents(o)); got != "[5 6 7]" || !log.Has("of an older version is damaged")() {
		t.Errorf("got %s: %s", got, log)
	}
	if _, err := os.Stat(path + damagedEnding); err != nil {
		t.Error(err)
	}
}

// Where the new files cannot be written, the old ones stay.
func TestAnOlderVersionsOutboxStaysUntilItIsTakenOver(t *testing.T) {
	t.Parallel()
	dir := olderVersionsFolder(t)
	if err := os.WriteFile(filepath.Join(dir, outboxFolder), nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	o := NewOutbox(roomy, slog.New(slog.DiscardHandler))
	if err := o.Open(dir); err == nil {
		t.Error("it was opened")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "outbox.*")); len(left) != 2 {
		t.Errorf("left are %v", left)
	}
}

// olderVersionsFolder returns a state folder as an older version left it: four events in its database, and three more in its notes.
func olderVersionsFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	packed := must(gzip.NewReader(bytes.NewReader(must(os.ReadFile("testdata/former.db.gz")))))
	for name, text := range map[string][]byte{formerDatabase: must(io.ReadAll(packed)), formerNotes: must(os.ReadFile("testdata/former.notes"))} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
