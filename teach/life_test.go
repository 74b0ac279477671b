package teach

import (
	"os"
	"slices"
	"testing"
	"time"

	"edged/internal/testkit"
)

func TestOrdinaryLifeIsBoundedAndSurvives(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(30))
	v := r.teacher.View(hall)
	kept := len(v.life.kinds[moving].stretches)
	if kept < 20*60*4/stretchWindows-2 {
		t.Errorf("%d stretches of 20 minutes", kept)
	}
	r.teacher.saveRest()
	path := filesNamed(t, dir, ".life")[0]
	info, err := os.Stat(path)
	r.must(err)
	if info.Size() > lifeBytes+lifeBytes/100 {
		t.Errorf("%d bytes", info.Size())
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	r.must(err)
	_, err = f.WriteAt([]byte{1, 2, 3}, v.life.offset(v.life.kinds[still].most+3)+100) // a power cut tore this place
	r.must(err)
	r.must(f.Close())

	r.open(dir)
	again := r.teacher.View(hall).life
	if len(again.kinds[moving].stretches) != kept-1 || again.watched < 20*time.Minute {
		t.Errorf("%d stretches of %d, %v watched", len(again.kinds[moving].stretches), kept, again.watched)
	}
	// The stretches behind the torn place have moved by one. What changes then must not lose one of them.
	v = r.teacher.View(hall)
	last := again.kinds[moving].stretches[kept-2].began()
	v.life.drop(last, last)
	r.teacher.saveRest()
	r.open(dir)
	again = r.teacher.View(hall).life
	if n := len(again.kinds[moving].stretches); n != kept-2 {
		t.Errorf("%d stretches after one of %d was dropped", n, kept-1)
	}
	for _, s := range again.kinds[moving].stretches {
		if s.began() == last {
			t.Error("the stretch that was dropped is there again")
		}
	}
	r.must(os.WriteFile(path, []byte("x"), 0o600))
	r.open(dir)
	if n := len(r.teacher.View(hall).life.kinds[moving].stretches); n != 0 {
		t.Errorf("%d stretches of a damaged file", n)
	}
}

// What is sampled stays within its room, and each place is as likely to be of the first as of the last hours.
func TestTheSampleIsFull(t *testing.T) {
	l := newLife(size, lifeBytes)
	r := &l.kinds[moving]
	r.most, r.changed = 50, make([]bool, 50)
	s := make(stretch, stretchBytes(l.packed))
	s[0] = 1
	for n := range 500 {
		s[8] = byte(n / 250) // the half that it belongs to
		r.offer(s, l.random)
	}
	late := 0
	for _, s := range r.stretches {
		late += int(s[8])
	}
	if len(r.stretches) != 50 || late < 10 || late > 40 {
		t.Errorf("%d stretches, %d of the later half", len(r.stretches), late)
	}
}

// Windows of several targets come in turn; each target has stretches of its own.
func TestStretchesOfSeveralTargets(t *testing.T) {
	l := newLife(size, lifeBytes)
	wall := func(t time.Duration) time.Time { return time.UnixMilli(t.Milliseconds()) }
	packed := make([]byte, l.packed)
	const windows = 40
	for n := range windows {
		for track := range uint64(mostWriters) {
			l.add(&moment{time: time.Duration(n) * 250 * time.Millisecond, track: 1 + track, motion: 1}, packed, wall)
		}
	}
	l.add(&moment{time: minutes(1), track: 99, motion: 1}, packed, wall) // takes the place of one that is gone
	l.finish()
	r := &l.kinds[moving]
	if len(r.stretches) != mostWriters*windows/stretchWindows+1 || len(l.writers) != mostWriters {
		t.Errorf("%d stretches, %d writers", len(r.stretches), len(l.writers))
	}
	short := slices.DeleteFunc(slices.Clone(r.stretches), func(s stretch) bool { return s.len() == stretchWindows })
	if len(short) != 1 {
		t.Errorf("%d stretches are not full; want the last one alone", len(short))
	}
}

// A view in which nothing happens has stretches of one window. It is no reason to learn again every minute.
func TestAQuietViewIsNotLearnedAgainAndAgain(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(1))
	r.teach("ring", 2)
	for range 400 {
		r.now += 10 * time.Second // the motion gate's heartbeat
		r.teacher.View(hall).Window(Seen{Time: r.now, Embedding: r.ordinary(), Label: 1})
	}
	r.settle()
	r.teacher.refresh()
	r.settle()
	learned := 0
	for range 30 {
		version := r.teacher.actions[0].version
		r.now += time.Minute
		r.teacher.refresh()
		r.settle()
		if r.teacher.actions[0].version != version {
			learned++
		}
	}
	if learned > 1 {
		t.Errorf("learned %d times in 30 minutes in which nothing new came", learned)
	}
}

func TestExamplesAreNoOrdinaryLife(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(1))
	r.must(r.teacher.Create(hall, "ring"))
	began := r.wall(r.now)
	e := r.show("ring")
	r.live(minutes(12)) // all of it has left the moments
	l := r.teacher.View(hall).life
	n := 0
	for k := range l.kinds {
		for _, s := range l.kinds[k].stretches {
			n++
			last, _ := s.window(s.len() - 1)
			if begin, end := fromMillis(s.began()), fromMillis(s.began()).Add(last); end.After(e.From.Add(-neighbourhood)) && begin.Before(e.Until.Add(neighbourhood)) {
				t.Errorf("a stretch from %v to %v lies near the example", begin.Sub(began), end.Sub(began))
			}
		}
	}
	if n < 50 {
		t.Fatalf("%d stretches", n)
	}
	// An example that is marked later takes out what has been sampled already.
	first := fromMillis(l.kinds[moving].stretches[0].began())
	r.teacher.mu.Lock()
	v := r.teacher.views[hall]
	v.take(&look{times: []time.Duration{r.teacher.monotonic(first)}}, r.teacher.wall)
	r.teacher.mu.Unlock()
	for _, s := range l.kinds[moving].stretches {
		if fromMillis(s.began()).Equal(first) {
			t.Error("the stretch is still there")
		}
	}
}

// The model's goroutine allocates nothing, whatever is kept and whatever runs.
func TestAWindowAllocatesNothing(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(2))
	r.teach("ring", 3)
	r.teach("wash", 3)
	r.must(r.teacher.SetLive(hall, "ring", true))
	r.live(minutes(1))
	v := r.teacher.View(hall)
	e, frame := r.ordinary(), make([]byte, 3*4*4)
	encoder := plainEncoder{r}
	one := func() {
		r.now += 250 * time.Millisecond
		v.Push(frame)
		v.Push(frame)
		if set, _ := v.Window(Seen{Time: r.now, Embedding: e}); len(set.Actions) != 2 {
			t.Fatalf("runs %+v", set)
		}
		v.frames.encodeAll(encoder, nil)
	}
	for range 4000 {
		one()
	}
	rgb := make([]byte, len(frame))
	if n := testing.AllocsPerRun(2000, func() {
		r.now += 250 * time.Millisecond
		v.Push(frame)
		v.Push(frame)
		v.Window(Seen{Time: r.now, Embedding: e})
		rgb = v.frames.encodeAll(encoder, rgb)
		v.Still(r.now)
	}); n > 0 {
		t.Errorf("%v allocations a window", n)
	}
}

func TestPackedEmbeddingsAreNear(t *testing.T) {
	w := newWorld()
	for range 100 {
		e := w.ordinary()
		packed := make([]byte, packedSize(len(e)))
		if !pack(packed, e) || !soundPacked(packed) {
			t.Fatal("not packed")
		}
		low, high := e[0], e[0]
		for _, v := range e {
			low, high = min(low, v), max(high, v)
		}
		for i, v := range unpacked(packed) {
			if d := v - e[i]; d > (high-low)/509 || -d > (high-low)/509 {
				t.Fatalf("number %d: %g, want %g", i, v, e[i])
			}
		}
	}
	if pack(make([]byte, packedSize(size)), notANumber()) {
		t.Error("packed what is no number")
	}
}

// What nobody looks at any more goes, also of a camera that is silent.
func TestOldPicturesGo(t *testing.T) {
	r := newRoom(t, "")
	r.live(minutes(1))
	v := r.teacher.View(hall)
	v.Push([]byte{7, 7, 7})
	r.teacher.expire()
	if v.frames.first == v.frames.next || v.moments.len() != 240 {
		t.Fatalf("%d pictures, %d moments of the last minute", v.frames.next-v.frames.first, v.moments.len())
	}
	r.now += 2 * time.Minute
	r.teacher.expire()
	if v.frames.first != v.frames.next || v.frames.bytes != 0 {
		t.Errorf("%d pictures are left", v.frames.next-v.frames.first)
	}
	for _, raw := range v.frames.raw {
		if raw[0] != 0 {
			t.Error("a frame of a camera that has been silent for two minutes is left")
		}
	}
	r.now += 10 * time.Minute
	r.teacher.expire()
	if n := v.moments.len(); n != 0 {
		t.Errorf("%d moments are left", n)
	}
}

// A week of windows of the starter model, four a second, writes little.
func TestAWeekWritesLittle(t *testing.T) {
	testkit.Slow(t)
	const numbers = joined * 576
	v := &View{memory: &memory{life: newLife(numbers, lifeBytes)}}
	l := v.life
	s := make(stretch, stretchBytes(l.packed))
	s[0], s[1] = stretchWindows, byte(moving)
	written, writes := 0, 0
	for second := range 7 * 24 * 3600 {
		if second%2 == 0 { // eight windows
			l.kinds[moving].offer(s, l.random)
			l.kinds[still].offer(s, l.random)
		}
		if second%600 != 599 {
			continue
		}
		head, rows := v.changedLife()
		written += len(head)
		for _, row := range rows {
			written += len(row.data)
		}
		writes++
	}
	t.Logf("%.1f MB in %d writes", float64(written)/1e6, writes)
	if day := float64(written) / 7; day > 12e6 {
		t.Errorf("%.0f MB a day", day/1e6)
	}
}

// With many views each gets less, and what was sampled moves over.
func TestManyViewsShareTheMemory(t *testing.T) {
	dir := t.TempDir()
	r := newRoom(t, dir)
	r.live(minutes(15))
	before := len(r.teacher.View(hall).life.kinds[moving].stretches)
	views := []ViewOptions{viewOptions()}
	for n := range 3*fullViews - 1 {
		o := viewOptions()
		o.Path = "other" + string(rune('a'+n))
		views = append(views, o)
	}
	r.teacher.Configure(views, DefaultSettings, nil)
	v := r.teacher.View(hall)
	if n := len(v.life.kinds[moving].stretches); n != before || n == 0 {
		t.Errorf("%d stretches, %d before", n, before)
	}
	total := 0
	for _, o := range views {
		v := r.teacher.View(o.Path)
		total += len(v.moments.memory) + (v.life.kinds[still].most+v.life.kinds[moving].most)*stretchBytes(v.life.packed)
	}
	if most := fullViews * (lifeBytes + momentsBytes); total > most {
		t.Errorf("%d bytes for %d views, at most %d", total, len(views), most)
	}
	r.teacher.saveRest()
	r.open(dir) // one view again
	if n := len(r.teacher.View(hall).life.kinds[moving].stretches); n != before {
		t.Errorf("%d stretches after going back, %d before", n, before)
	}
}
