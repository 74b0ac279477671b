package node

import (
	"time"

	"edged/capture/pixel"
	"edged/record"
	"edged/teach"
)

// clipPictures takes small pictures out of recorded clips. It implements teach.Clips.
type clipPictures struct{ n *Node }

// spanOfClips is how many of a view's newest events are looked at.
const spanOfClips = 100

// Spans implements teach.Clips.
func (c clipPictures) Spans(view string, since time.Time) (spans []teach.Span) {
	for _, clip := range c.clips(view, since) {
		spans = append(spans, teach.Span{From: clip.Start, Until: clip.Start.Add(time.Duration(clip.Duration) * time.Millisecond)})
	}
	return spans
}

// clips returns the view's clips that show something after since.
func (c clipPictures) clips(view string, since time.Time) (clips []*record.Clip) {
	events, _ := c.n.Timeline.List(record.Filter{View: view, Limit: spanOfClips})
	seen := map[string]bool{}
	for _, e := range events {
		if e.ClipState != record.ClipSaved || seen[e.Clip] || e.End != nil && e.End.Add(c.n.Config.Record.After).Before(since) {
			continue
		}
		seen[e.Clip] = true
		if clip, err := c.n.Recorder.Info(e.Clip); err == nil && clip.View == view {
			clips = append(clips, clip)
		}
	}
	return clips
}

// Pictures implements teach.Clips.
func (c clipPictures) Pictures(view string, from, until time.Time, most int) [][]byte {
	for _, clip := range c.clips(view, from) {
		if clip.Start.After(from) || clip.Start.Add(time.Duration(clip.Duration)*time.Millisecond).Before(until) {
			continue
		}
		if pictures, err := c.read(clip, from.Sub(clip.Start).Milliseconds(), until.Sub(clip.Start).Milliseconds(), most); err == nil {
			return pictures
		}
	}
	return nil
}

// read returns the clip's pictures between two times in milliseconds since its start.
func (c clipPictures) read(clip *record.Clip, from, until int64, most int) (pictures [][]byte, err error) {
	m := c.n.engineOf(clip.Camera).Model.Manifest
	area := pixel.Area{Width: 1, Height: 1}
	if a := clip.Area; len(a) == 4 {
		area = pixel.Area{X: a[0], Y: a[1], Width: a[2], Height: a[3]}
	}
	decoder, err := pixel.NewDecoder(m.Width, m.Height, area)
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	video, err := c.n.Recorder.Video(clip.ID)
	if err != nil {
		return nil, err
	}
	defer video.Close()
	rgb := make([]byte, m.FrameBytes())
	for _, f := range onGrid(clip.Frames, from, until, m.FrameRate, most) {
		data := make([]byte, f[2])
		if _, err := video.ReadAt(data, f[1]); err != nil {
			return nil, err
		}
		if err := decoder.Decode(rgb, pixel.Format{FourCC: pixel.MJPEG}, data); err != nil {
			return nil, err
		}
		jpeg, err := pixel.EncodeJPEG(rgb, m.Width, m.Height, teach.PictureQuality)
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, jpeg)
	}
	return pictures, nil
}

// onGrid returns the newest frame at each step of the rate, from one time to another, at most so many: the last ones. Times are in milliseconds.
func onGrid(frames [][3]int64, from, until int64, rate float64, most int) (grid [][3]int64) {
	at := 0
	for n := 0; ; n++ {
		tick := float64(from) + float64(n)*1000/rate
		if tick > float64(until) {
			return grid[max(0, len(grid)-most):]
		}
		for at+1 < len(frames) && float64(frames[at+1][0]) <= tick+0.5 {
			at++
		}
		if at < len(frames) && float64(frames[at][0]) <= tick+0.5 {
			grid = append(grid, frames[at])
		}
	}
}
