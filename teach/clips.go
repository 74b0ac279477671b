package teach

import "time"

// Clips are recordings of views. They show moments for longer than the Teacher keeps pictures.
type Clips interface {
	// Spans returns the times after since that clips of the view show.
	Spans(view string, since time.Time) []Span
	// Pictures returns the view's pictures from one time to another: JPEGs of the model's size, at the model's rate, at most so many; none if no clip
	// shows that time.
	Pictures(view string, from, until time.Time, most int) [][]byte
}

// Span is a time.
type Span struct{ From, Until time.Time }

// UseClips has pictures taken from clips where the Teacher has none of its own. Nil: there are no clips.
func (t *Teacher) UseClips(c Clips) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clips = c
}

// clipsOf returns the clips for a view; nil if there are none. In a view that follows, nobody knows which part of a clip the model saw.
func (t *Teacher) clipsOf(v *View) Clips {
	if v.Follows {
		return nil
	}
	return t.clips
}

// addClips notes which moments clips show.
func (v *View) addClips(list []Moment, clips Clips) {
	if clips == nil || len(list) == 0 {
		return
	}
	spans := clips.Spans(v.Path, list[0].Time)
	for i := range list {
		for _, s := range spans {
			if m := &list[i]; m.Pictures == 0 && !m.Time.Add(-v.length()).Before(s.From) && !m.Time.After(s.Until) {
				m.Pictures = v.Frames
			}
		}
	}
}

// length is how much time a window shows.
func (v *View) length() time.Duration {
	if v.FrameRate <= 0 {
		return 0
	}
	return time.Duration(float64(v.Frames-1) / v.FrameRate * float64(time.Second))
}
