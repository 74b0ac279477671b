package infer

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"edged/follow"
	"edged/follow/zones"
)

// Targets lets a Pipeline judge everything that moves by itself: each target of a follow.Follower has windows and actions of its own.
//
// The ring's slots then hold whole pictures at a middle size, in the layout that Picture and SetPicture give. Their size may change with an epoch.
type Targets struct {
	Options follow.Options    // without Width, Height and Frames
	Side    int               // of the model's square input, in pixels
	Zones   *zones.Zones      // nil: none
	OnVisit func(zones.Visit) // receives who comes into a zone and leaves it; may be nil

	deciders
	follower      *follow.Follower // nil before the first picture
	width, height int
	nextID        int      // of targets, when the follower was closed: another one goes on from there
	seqs          []uint64 // in the ring, of the last T ticks: a held tick has that of the frame before
	at            int
	due           []follow.Target // whose windows wait for the model
	lost          []*tracked      // gone, but derived actions go on; the longest gone first
	view          *tracked        // of no target: the rules about what nobody does
	frame         []byte          // a cut frame, [Side,Side,3]
	pipeline      *Pipeline
	picture       func(age int) []byte // Targets.recall, as a value that costs no allocation
	push          func(rgb []byte)
	emit          func(Event)
	now           *tracked // whose events emit passes on
	pinned        bool
	moving        atomic.Bool   // the camera itself moves
	err           error         // why nothing can be followed
	visits        *zones.Visits // nil: there are no zones
	boxes         []follow.Target
	has           func(id uint64) bool         // whether the target is still followed, as a value that costs no allocation
	byWait        func(a, b follow.Target) int // orders by who has waited longest for the model, as a value that costs no allocation
}

// MiddleSide is the longest side of the pictures in which targets are followed.
const MiddleSide = 384

// pictureHeader is the bytes before the pixels: width and height.
const pictureHeader = 4

// PictureBytes is the room for a picture of any shape whose longest side is MiddleSide.
const PictureBytes = pictureHeader + 3*MiddleSide*MiddleSide

// SetPicture notes the size of the picture in slot and returns where its pixels, [height,width,3], belong.
func SetPicture(slot []byte, width, height int) (rgb []byte) {
	binary.LittleEndian.PutUint16(slot, uint16(width))
	binary.LittleEndian.PutUint16(slot[2:], uint16(height))
	return slot[pictureHeader : pictureHeader+3*width*height]
}

// Picture returns the size of the picture in slot and its pixels.
func Picture(slot []byte) (width, height int, rgb []byte) {
	width, height = int(binary.LittleEndian.Uint16(slot)), int(binary.LittleEndian.Uint16(slot[2:]))
	return width, height, slot[pictureHeader : pictureHeader+3*width*height]
}

// MiddleSize is the size at which targets are followed in a picture of that shape: MiddleSide on the longer side.
func MiddleSize(width, height int) (w, h int) {
	longest := max(width, height, 1)
	return max(width*MiddleSide/longest, 32), max(height*MiddleSide/longest, 32)
}

// Close frees what the follower allocated.
func (s *Targets) Close() {
	if s.follower != nil {
		s.nextID = s.follower.NextID()
		s.follower.Close()
		s.follower = nil
	}
}

func (s *Targets) start(p *Pipeline) {
	s.pipeline, s.template = p, p.Decider
	s.seqs = make([]uint64, p.Frames)
	s.frame = make([]byte, 3*s.Side*s.Side)
	s.picture, s.push, s.emit = s.recall, p.Clip.Push, s.report
	s.Options.Frames = p.Frames
	s.template.oneOfMany, s.view = true, &tracked{decider: s.template}
	s.has = func(id uint64) bool { return s.follower.Has(id) }
	s.byWait = func(a, b follow.Target) int { return cmp.Compare(s.judgedAt(a.ID), s.judgedAt(b.ID)) }
	if s.Zones != nil {
		s.visits = zones.NewVisits(s.Zones, s.visit)
	}
}

func (s *Targets) visit(v zones.Visit) {
	if s.OnVisit != nil {
		s.OnVisit(v)
	}
}

// take follows the picture in the slot, which has that number in the ring and was captured at t.
func (s *Targets) take(seq uint64, t time.Duration, slot []byte) {
	width, height, rgb := Picture(slot)
	if width == 0 { // the view was disabled
		s.gap(false)
		s.width, s.height = 0, 0
		return
	}
	if width != s.width || height != s.height || s.follower == nil {
		if s.err = s.resize(width, height); s.err != nil {
			return
		}
	}
	s.note(seq)
	s.follower.Push(rgb)
	s.dropLost()
	s.noteVisits(t)
}

// noteVisits notes in which zones the targets are.
func (s *Targets) noteVisits(t time.Duration) {
	if s.visits == nil {
		return
	}
	s.visits.Keep(s.has)
	s.boxes = s.follower.Places(s.boxes[:0])
	for _, b := range s.boxes {
		s.visits.Note(b.ID, b.Box, t)
	}
}

// hold stands for a tick without a picture.
func (s *Targets) hold() {
	if s.follower == nil {
		return
	}
	s.note(s.seqs[s.at])
	s.follower.Hold()
	s.dropLost()
}

// otherSize reports whether the picture in the slot has another size than those before it.
func (s *Targets) otherSize(slot []byte) bool {
	width, height, _ := Picture(slot)
	return s.follower != nil && (width != s.width || height != s.height)
}

func (s *Targets) note(seq uint64) {
	s.at = (s.at + 1) % len(s.seqs)
	s.seqs[s.at] = seq
}

func (s *Targets) resize(width, height int) error {
	s.gap(false)
	s.Close()
	o := s.Options
	o.Width, o.Height, o.FirstID = width, height, s.nextID
	follower, err := follow.New(o)
	if err != nil {
		return err
	}
	s.follower, s.width, s.height = follower, width, height
	return nil
}

// demand makes the window of every visible target due at t, and reports whether there is one. While the camera itself moves, the whole picture is the
// only target.
func (s *Targets) demand(t time.Duration) bool {
	if s.follower == nil {
		return false
	}
	s.deriveAbsences(t)
	s.goOnLost(t)
	moving := s.follower.Moving()
	s.moving.Store(moving)
	if moving {
		s.due = append(s.due[:0], follow.Target{ID: follow.Whole, Box: [4]float64{0, 0, 1, 1}})
	} else {
		s.due = append(s.due[:0], s.follower.Targets()...)
		slices.SortStableFunc(s.due, s.byWait) // the model may not have the time for all of them
	}
	return s.waiting()
}

// judgedAt is when the model judged the target last; 0: never.
func (s *Targets) judgedAt(id uint64) time.Duration {
	for _, a := range s.active {
		if a.id == id {
			return a.judged
		}
	}
	return 0
}

// Moving reports whether the camera itself moves, so that nothing can be followed and the model judges the whole picture. Any goroutine may call it.
func (s *Targets) Moving() bool { return s.moving.Load() }

// waiting reports whether a target's window waits for the model.
func (s *Targets) waiting() bool { return len(s.due) > 0 }

// drop gives up the windows that wait for the model, and returns how many there were.
func (s *Targets) drop() int {
	n := len(s.due)
	s.due = s.due[:0]
	return n
}

// load puts the window of the target that has waited longest into the clip. It returns false if the window is no longer whole.
func (s *Targets) load() (target follow.Target, ok bool) {
	if len(s.due) == 0 {
		return follow.Target{}, false
	}
	target = s.due[0]
	s.due = slices.Delete(s.due, 0, 1)
	ok = s.follower.Window(target.ID, s.frame, s.Side, s.picture, s.push)
	s.unpin()
	return target, ok
}

// recall returns the picture of so many ticks ago, or nil if the ring no longer has it.
func (s *Targets) recall(age int) []byte {
	s.unpin()
	p := s.pipeline
	_, slot, ok := p.Ring.Pin(s.seqs[(s.at-age+len(s.seqs))%len(s.seqs)])
	if !ok {
		return nil
	}
	s.pinned = true
	width, height, rgb := Picture(p.picture(slot))
	if width != s.width || height != s.height {
		return nil
	}
	return rgb
}

func (s *Targets) unpin() {
	if s.pinned {
		s.pinned = false
		s.pipeline.Ring.Unpin()
	}
}

// decide hands the scores of the target's window to its decider.
func (s *Targets) decide(target follow.Target, t time.Duration, scores []float32) {
	s.now = s.of(target.ID)
	s.now.judged, s.now.decider.place = t, target.Box
	decider := s.now.decider
	decider.Decide(t, scores, s.emit)
	s.endLost(decider, t)
}

func (s *Targets) report(e Event) {
	e.Track = s.now.id
	s.locate(&e)
	s.pipeline.OnEvent(e)
}

// locate notes in which zones the target of the event is and was. It does nothing where nobody is followed.
func (s *Targets) locate(e *Event) {
	if s == nil || s.Zones == nil || e.Track == 0 || e.Track == follow.Whole {
		return
	}
	z := s.Zones
	e.Zones, e.StartZones, e.PeakZones = z.List(z.At(e.Box)), z.List(z.At(e.StartBox)), z.List(z.At(e.PeakBox))
}

// dropLost ends the actions of targets that are gone.
func (s *Targets) dropLost() {
	for i := 0; i < len(s.active); {
		if a := s.active[i]; !s.follower.Has(a.id) || a.id == follow.Whole && !s.follower.Moving() {
			s.end(a)
			s.pipeline.taught.lost(a.id)
			s.active = slices.Delete(s.active, i, i+1)
		} else {
			i++
		}
	}
}

// end ends the actions of a target that is gone, but for derived actions that somebody's action of Until will end.
func (s *Targets) end(a *tracked) {
	s.now = a
	if !a.decider.lose(s.emit) {
		s.release(a)
		return
	}
	if len(s.lost) == maxLost {
		s.endWholly(s.lost[0])
		s.lost = slices.Delete(s.lost, 0, 1)
	}
	s.lost = append(s.lost, a)
}

// maxLost is how many targets that are gone may have derived actions.
const maxLost = 16

// endWholly ends everything that the target has begun.
func (s *Targets) endWholly(a *tracked) {
	s.now = a
	a.decider.last = max(a.decider.last, s.template.last) // derived actions have gone on after its last window
	a.decider.Gap(s.emit)
	s.release(a)
}

// gap forgets everything that was seen and ends all actions. After a short gap, derived actions go on as if their targets were lost.
func (s *Targets) gap(short bool) {
	if s.view == nil { // nothing has begun
		return
	}
	for _, a := range s.active {
		s.end(a)
	}
	s.active = s.active[:0]
	s.now = s.view
	if short {
		s.template.Pause(s.emit)
	} else {
		for _, a := range s.lost {
			s.endWholly(a)
		}
		s.lost = s.lost[:0]
		s.now = s.view
		s.template.Gap(s.emit)
	}
	s.due = s.due[:0]
	if s.visits != nil {
		s.visits.Clear()
	}
	clear(s.frame)
	clear(s.seqs)
	if s.follower != nil {
		s.follower.Forget()
	}
}
