// Package infer turns a ring of frames into actions: which frames make the window now (schedule), the window in the
// model's input tensor (squeeze), the model itself (engine), and where an action begins and ends (Decider).
//
// Times are those of the frames: CLOCK_MONOTONIC, or a file's presentation times.
package infer

import "time"

// Window is one run of the model.
type Window struct {
	N      uint64        // 1, 2, 3 … since the Pipeline began
	Time   time.Duration // of its newest frame
	Scores []float32     // a probability for each label, as the model gave them; valid during the call
}

// Event is the start or the end of an action, or news of one that goes on.
type Event struct {
	ID     uint64 // the same for every event of an action; 1, 2, 3 … since the Decider began
	Label  string
	Phase  Phase
	Score  float32       // smoothed, now
	Peak   float32       // the highest smoothed score so far
	Start  time.Duration // of the newest frame of the first window that supports it; see Decider
	End    time.Duration // of the newest frame of the last window that supports it; 0 but in an End
	Newest time.Duration // of the newest frame that was looked at
}

// Phase tells an action's events apart.
type Phase string

const (
	Start  Phase = "start"
	Update Phase = "update"
	End    Phase = "end"
)
