// Package sink defines how a node hands on what it recognises.
//
// Every consumer of events implements Sink: the MQTT publisher, the console, the recorder of clips, the web page. The node keeps a
// list of sinks and calls each of them in turn. To write one, embed Ignore and implement the methods you need:
//
//	type counter struct {
//		sink.Ignore
//		starts atomic.Uint64
//	}
//
//	func (c *counter) Event(e sink.Event) {
//		if e.Phase == sink.Start {
//			c.starts.Add(1)
//		}
//	}
//
// Rules for a sink:
//
//   - No method may block. The model's goroutine and the cameras' goroutines call them. A sink with slow work (a disk, a network)
//     copies what it needs into a bounded queue, counts what it drops, and works on a goroutine of its own.
//   - Calls may come from several goroutines at once. Event and Window of one view always come from one goroutine, in order.
//   - Slices are lent: they are valid during the call only.
//   - In the steady state (Window, and Event with Update) a sink allocates nothing.
//
// Camera frames are not part of Sink, because most sinks do not need them. A sink that does (a clip, a live picture) asks the node for
// a Tap on a camera, for as long as it needs one.
//
// All times are those of the frames, on CLOCK_MONOTONIC. Package clock converts them to wall time.
package sink

import (
	"strconv"
	"time"
)

// Sink receives what a node recognises.
type Sink interface {
	// Event reports that an action starts, goes on or ends.
	Event(Event)
	// Window reports the scores of one run of the model.
	Window(Window)
	// Camera reports that a camera went online or offline. Until the first report it is offline.
	Camera(Camera)
	// View reports the settings of a view: once when the node starts, and after every change.
	View(View)
	// Visit reports that a target came into a zone or left it.
	Visit(Visit)
}

// Event reports one phase of an action.
type Event struct {
	ID     ID     // the same in all events of one action
	Camera string // name of the camera
	View   string // path of the view: the camera's name, or "camera/view"
	Label  string
	Phase  Phase

	Score float32 // now, smoothed, 0 to 1
	Peak  float32 // the highest so far

	Start  time.Duration // newest frame of the first window that supports the action
	End    time.Duration // newest frame of the last window that supports it; 0 unless Phase is End
	Newest time.Duration // newest frame that the decision rests on

	// Of a target that is followed; all 0 for an action of the whole view. A box is x, y, width, height, each 0 to 1 of the view.
	Track                  uint64     // the same for everything that the target does
	Box, StartBox, PeakBox [4]float64 // now; in the first window that supports the action; where the score was highest
	// The zones in which the target's feet are in each of these boxes, sorted. Nil: the view has none. Nobody may change the lists.
	Zones, StartZones, PeakZones []string

	Model Model
	Clip  string // id of the clip that is recorded of the action; "" = none
}

// Phase tells the events of an action apart. Its values are the words that edged publishes.
type Phase string

// The phases of an action. Update comes only if detect.update_every asks for it.
const (
	Start  Phase = "start"
	Update Phase = "update"
	End    Phase = "end"
)

// ID identifies an action. No two actions share one, also not over restarts. Its text is the "id" of MQTT messages.
type ID struct {
	Run string // of this life of the node: 8 hex digits, new after every start and reload
	N   uint64 // 1, 2, 3 … within the run, over all views
}

// String returns "5f1c09ab-7".
func (id ID) String() string { return id.Run + "-" + strconv.FormatUint(id.N, 10) }

// Model identifies the model that gave the scores.
type Model struct {
	Name   string
	SHA256 string // of the model file, hex
}

// Window is one run of the model on one view.
type Window struct {
	Camera string
	View   string        // path, as in Event
	N      uint64        // 1, 2, 3 … for the view, since the node started
	Time   time.Duration // of the window's newest frame
	Labels []string      // of the model; lent, and never changed
	Scores []float32     // a probability for each label, in the same order; lent
	Track  uint64        // the target that the window shows; 0: the whole view
	Box    [4]float64    // where that is, as in Event
}

// Camera is a change of a camera's state.
type Camera struct {
	Name   string
	Online bool
	Reason error // why it is offline; nil if it is online
}

// View is the settings of a view that can change while the node runs.
type View struct {
	Camera     string
	Path       string             // as in Event
	Enabled    bool               // false: edged analyses no frame of this view
	Thresholds map[string]float64 // score at which each action starts, by label; lent
}

// Visit reports that a target came into a zone of a view, or left it.
type Visit struct {
	Camera  string
	View    string // path, as in Event
	Zone    string
	Track   uint64        // the target
	Inside  bool          // true: it came; false: it left
	Entered time.Duration // the first frame that shows it in the zone
	Left    time.Duration // the last frame that shows it in the zone; 0 while it is inside
	Box     [4]float64    // as in Event, when it was last seen in the zone
	Lost    bool          // it left because it is not followed any more
}

// Ignore does nothing with anything. Embed it in a sink that does not need every method.
type Ignore struct{}

// Event does nothing.
func (Ignore) Event(Event) {}

// Window does nothing.
func (Ignore) Window(Window) {}

// Camera does nothing.
func (Ignore) Camera(Camera) {}

// View does nothing.
func (Ignore) View(View) {}

// Visit does nothing.
func (Ignore) Visit(Visit) {}
