package teach

import "time"

// State is what a taught action does now.
type State string

// The states of a taught action.
const (
	NoExamples   State = "no_examples"   // it has no example yet
	Shadow       State = "shadow"        // it is recognised and shown, and fires nothing
	Live         State = "live"          // it fires like a label of the model
	Resting      State = "resting"       // its view is disabled, does not exist now, or cannot be taught now
	NeedsName    State = "needs_name"    // its name is that of a label of the model or of a rule now, or cannot be part of a topic
	Relearning   State = "relearning"    // another model came: it is live again once edged knows ordinary life with that model
	ForeignModel State = "foreign_model" // its examples belong to another model, and edged has no pictures to learn them anew
)

// Action is a taught action of one view, as people see it.
type Action struct {
	View      string    `json:"view"`
	Name      string    `json:"name"`
	State     State     `json:"state"`
	Live      bool      `json:"live"`              // the user has switched it live; State says whether it runs
	Firing    bool      `json:"firing"`            // it is recognised at this moment, as shadow or live
	Learning  bool      `json:"learning"`          // edged learns it at this moment
	Problem   string    `json:"problem,omitempty"` // why it does not run, and what would help
	Examples  int       `json:"examples"`
	Negatives int       `json:"negatives"` // times that the user said "no" or "wrong"
	Threshold float64   `json:"threshold"` // smoothed score at which it fires; 0 before it is learned
	Worth     Worth     `json:"worth"`
	Questions int       `json:"questions"`  // that wait for an answer
	CreatedAt time.Time `json:"created_at"` // UTC
	LearnedAt time.Time `json:"learned_at"` // UTC; zero before it is learned
}

// Worth says how good an action is.
type Worth struct {
	Found     int     `json:"found"`      // examples that it recognises when each is left out and the others are learned from
	Of        int     `json:"of"`         // examples that were left out; 0 with fewer than two
	WouldFire int     `json:"would_fire"` // firings in the last Hours, as shadow or live, without those that the user called wrong
	Hours     float64 `json:"hours"`      // that it has watched, at most HistoryAge
	PerDay    float64 `json:"per_day"`    // times a day that it fires by ordinary life so far, or that something looks just like it
	Met       bool    `json:"met"`        // by ordinary life so far, it keeps to teach.false_alarms_per_day
	Text      string  `json:"text"`       // all of this in a sentence or two
	Advice    string  `json:"advice"`     // what would help most; empty if nothing would
}

// ExampleInfo describes an example of an action.
type ExampleInfo struct {
	ID       string    `json:"id"`
	View     string    `json:"view"`
	Name     string    `json:"name"`
	Time     time.Time `json:"time"` // of the window that shows the action best; UTC
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Windows  int       `json:"windows"`
	Pictures int       `json:"pictures"` // n of them; their numbers are 0 to n-1
	Tried    bool      `json:"tried"`    // it was left out to see whether edged then recognises it; only the first 20 are, and never a single one
	Found    bool      `json:"found"`    // it is recognised when it is left out and the others are learned from
	Foreign  bool      `json:"foreign"`  // it belongs to another model
}

// FiringInfo is one time that an action fired, as shadow or live, or nearly fired.
type FiringInfo struct {
	ID       string    `json:"id"`
	View     string    `json:"view"`
	Name     string    `json:"name"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Peak     float64   `json:"peak"`  // highest smoothed score
	Fired    bool      `json:"fired"` // the peak reached the threshold; else it was near
	Live     bool      `json:"live"`  // the action was live, so there is an event, too
	Judged   string    `json:"judged"`
	Pictures int       `json:"pictures"`
}

// What the user has said of a firing: FiringInfo.Judged.
const (
	NotJudged = ""
	Right     = "right"
	Wrong     = "wrong"
)

// Moment is one window of the last minutes.
type Moment struct {
	Time      time.Time `json:"-"`
	Millis    int64     `json:"time"`       // Unix milliseconds of its newest frame
	Motion    float64   `json:"motion"`     // share of the picture that changed, 0 to 1
	Label     string    `json:"label"`      // the model's best action
	Score     float64   `json:"score"`      // of that label
	StandsOut float64   `json:"stands_out"` // how far it is from ordinary life, in standard deviations
	Track     uint64    `json:"track"`      // the target that it shows; 0: the whole view
	Pictures  int       `json:"pictures"`
}

// ViewInfo is a view and what it was taught.
type ViewInfo struct {
	View         string   `json:"view"`
	Camera       string   `json:"camera"`
	CanTeach     bool     `json:"can_teach"`
	WhyNot       string   `json:"why_not,omitempty"` // and what would help
	KeepPictures bool     `json:"keep_pictures"`
	Undo         string   `json:"undo"` // what Undo would take back; empty: nothing
	Actions      []Action `json:"actions"`
}

// Bounds on what is kept.
const (
	MaxActions     = 16  // of a view: each costs time in every window
	MaxExamples    = 100 // of an action
	MaxNegatives   = 200 // of an action
	MaxQuestions   = 30  // of an action that wait for an answer
	MaxFirings     = 300 // of an action
	MaxNameBytes   = 64
	MaxImportBytes = 64 << 20
	MaxStored      = 1000 // actions of all views
)

// HistoryAge is how long firings are remembered.
const HistoryAge = 7 * 24 * time.Hour
