// Package infer turns a ring of frames into actions. It decides which frames make a window (schedule), keeps the window in
// the model's input tensor (squeeze), runs the model (engine) and finds where an action begins and ends (Decider).
//
// All times are those of the frames: CLOCK_MONOTONIC, or a file's presentation times.
package infer

import "time"

// Window is one run of the model.
type Window struct {
	N      uint64        // 1, 2, 3 … since the Pipeline began
	Time   time.Duration // of its newest frame
	Scores []float32     // one probability per label, as the model gave them; valid during the call
	// Embedding is the model's second output; nil unless Pipeline.Embedding asks for it. Valid during the call.
	Embedding []float32
	Track     uint64     // the target that it shows; 0: the whole view
	Box       [4]float64 // where that is, as in Event
}

// Event reports that an action starts, continues or ends.
type Event struct {
	ID     uint64 // the same for all events of one action; 1, 2, 3 … since the Decider began
	Label  string
	Phase  Phase
	Score  float32       // smoothed, now
	Peak   float32       // the highest smoothed score so far
	Start  time.Duration // of the newest frame of the first window that supports the action; see Decider
	End    time.Duration // of the newest frame of the last window that supports it; 0 except in an End
	Newest time.Duration // of the newest frame of the window that caused this event

	// Of a target that is followed; all 0 for the whole view. A box is x, y, width, height, each 0 to 1 of the view.
	Track                  uint64     // the same for everything that the target does
	Box, StartBox, PeakBox [4]float64 // now; in the first window that supports the action; where the smoothed score was highest

	// The zones in which the target's feet are in each of these boxes. Nil: the view has no zones. The lists must not be changed.
	Zones, StartZones, PeakZones []string
}

// Phase says what an Event reports.
type Phase string

const (
	Start  Phase = "start"
	Update Phase = "update"
	End    Phase = "end"
)
