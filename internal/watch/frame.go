package watch

import (
	"log/slog"
	"time"

	"edged/capture"
	"edged/internal/sink"
)

// Frame is the capture.Sink of the camera. It decodes a frame on the sampling grid straight into the ring. It examines the frame of a
// frozen camera and does not keep it.
func (c *Camera) Frame(f *capture.Frame) capture.Finding {
	if f.Restart {
		c.openings++
	}
	enabled := c.followSwitches()
	if enabled == 0 {
		c.Unwatched.Add(1)
		c.erase()
		return capture.Finding{}
	}
	c.erasing, c.erased = false, false
	c.lend(f, enabled)
	if f.Restart {
		c.sampler.Reset()
	}
	tick, take := c.sampler.Take(f.Time)
	if !take && !f.Frozen {
		c.OffGrid.Add(1)
		return capture.Finding{}
	}
	if take && tick == 0 { // a new grid: a restart, or time went backwards
		c.Ring.Reset()
	}
	return c.store(f, tick, enabled)
}

// followSwitches begins and pauses the views' pipelines as their switches say, and returns the enabled views, view i as bit i.
func (c *Camera) followSwitches() (enabled uint32) {
	next := c.Ring.Next()
	for i, v := range c.Views {
		if v.followSwitch(next) {
			enabled |= 1 << i
		}
	}
	return enabled
}

// lend gives the frame to the taps, and to the snapshots that somebody has asked for: unless it is frozen, for then it shows the past.
func (c *Camera) lend(f *capture.Frame, enabled uint32) {
	if f.Frozen {
		return
	}
	for i, v := range c.Views {
		if enabled>>i&1 == 1 {
			v.snapshots.takeIfAsked(f)
		}
	}
	if c.Taps.InUse() {
		c.Taps.Frame(sink.Frame{
			Data: f.Data, Format: f.Format, Time: f.Time, Sequence: f.Sequence, Opening: c.openings, Views: enabled,
		})
	}
}

// store decodes the frame into the ring.
func (c *Camera) store(f *capture.Frame, tick int64, enabled uint32) capture.Finding {
	slot := c.Ring.Reserve()
	if slot == nil {
		return capture.Finding{}
	}
	c.blankDisabled(slot, enabled)
	shown, err := c.decode(slot, f, enabled)
	if err != nil {
		c.Corrupt.Add(1)
		c.complain(f, err)
		return capture.Refused(err)
	}
	if c.onDecoded != nil && c.decoder != nil {
		c.onDecoded(c.decoder.Times())
	}
	found := capture.Finding{Verdict: capture.Good, Digest: c.digest(shown)}
	if !f.Frozen {
		c.Ring.Commit(tick, f.Time)
	}
	return found
}

// decode writes the pictures of the enabled views into the slot, and returns pixels that show whether the camera's picture changes.
func (c *Camera) decode(slot []byte, f *capture.Frame, enabled uint32) (shown []byte, err error) {
	if plain := c.plain(enabled); plain != 0 {
		shown = slot[:c.plainBytes]
		if err := c.decoder.DecodeAreas(shown, f.Format, f.Data, plain); err != nil {
			return nil, err
		}
	}
	for i, v := range c.Views {
		if v.middle == nil || enabled>>i&1 == 0 {
			continue
		}
		rgb, err := v.middle.decode(v.part(slot), f.Format, f.Data)
		if err != nil {
			return nil, err
		}
		if shown == nil {
			shown = rgb
		}
	}
	return shown, nil
}

// plain returns the enabled views that do not follow, by their place among these.
func (c *Camera) plain(enabled uint32) (plain uint32) {
	place := 0
	for i, v := range c.Views {
		if v.middle != nil {
			continue
		}
		plain |= enabled >> i & 1 << place
		place++
	}
	return plain
}

// complain logs a corrupt frame, at most once a minute of capture time.
func (c *Camera) complain(f *capture.Frame, err error) {
	since := f.Time - c.complainedAt
	if c.complained && since >= 0 && since < time.Minute {
		return
	}
	c.complained, c.complainedAt = true, f.Time
	slog.Warn("frame dropped", "camera", c.Name, "sequence", f.Sequence, "bytes", len(f.Data), "error", err,
		"dropped_so_far", c.Corrupt.Load())
}
