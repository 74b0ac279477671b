// Package config reads edged's YAML file: strictly, with every problem reported at once by line and key.
package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"edged/internal/bounds"
	"edged/internal/plainfile"
)

// Config is the whole configuration. Every key is optional; Default says what an absent one means.
type Config struct {
	Node    string   `yaml:"node"`    // this board's name in every topic
	Cameras []Camera `yaml:"cameras"` // at least one
	Model   Model    `yaml:"model"`
	Detect  Detect   `yaml:"detect"`
	// Rules are actions that follow from others, by name (docs/rules.md); false switches off a rule of edged's own.
	Rules  map[string]Rule `yaml:"rules"`
	MQTT   MQTT            `yaml:"mqtt"`
	Record Record          `yaml:"record"`
	Teach  Teach           `yaml:"teach"`
	Web    Web             `yaml:"web"`
	Log    Log             `yaml:"log"`
	// StateDir is the folder for settings, waiting events and clips, which survive a restart; "" = systemd's state folder, or none.
	StateDir string `yaml:"state_dir"`
}

// Camera is one source of pictures. Without format or size, edged chooses the cheapest mode that suffices. Without a rate, it chooses 30
// frames a second or the next higher rate.
type Camera struct {
	Name        string        `yaml:"name"`         // in every topic of the camera
	Source      string        `yaml:"source"`       // v4l2:auto, v4l2:/dev/videoN, rtsp://ADDRESS, command:LINE, file:PATH, pattern:
	Format      string        `yaml:"format"`       // mjpeg, yuyv, uyvy, nv12, nv21, yuv420, yvu420, rgb24, bgr24, grey
	Width       int           `yaml:"width"`        // pixels
	Height      int           `yaml:"height"`       // pixels
	FPS         int           `yaml:"fps"`          // frames a second asked of the camera
	StallAfter  time.Duration `yaml:"stall_after"`  // after this long without a frame, the camera is offline and edged opens it again; 500ms to 10s
	FrozenAfter time.Duration `yaml:"frozen_after"` // after this long with exactly the same picture, the camera is offline and edged opens it again; 5s to 1h, 0s = never
	Snapshots   bool          `yaml:"snapshots"`    // publish a picture with each action, and when asked
	Masks       [][][]float64 `yaml:"masks"`        // polygons of [x, y], 0 to 1 of the picture; edged makes them black before anything else
	MotionGate  *bool         `yaml:"motion_gate"`  // run the model only where something moves; default: true if edged watches more than one view and the model has frames to compare
	Follow      Follow        `yaml:"follow"`       // judge each moving target by itself; a view may override this
	Zones       Zones         `yaml:"zones"`        // places by name, polygons of [x, y], 0 to 1 of the picture; edged says when somebody is in them; needs follow
	Model       string        `yaml:"model"`        // in place of model.file
	Views       []View        `yaml:"views"`        // parts of the picture that edged watches separately; none = the whole picture

	// Dir is the folder in which the source's command runs: that of the configuration file; "" = where edged was started.
	Dir string
}

// Zones are polygons by name. A corner is x, y, each 0 to 1 of the picture.
type Zones map[string][][]float64

// View is a part of a camera's picture with windows of its own.
type View struct {
	Name       string    `yaml:"name"`        // in every topic of the view
	Area       []float64 `yaml:"area"`        // x, y, width, height, 0 to 1 of the picture; none = all of it
	Stride     int       `yaml:"stride"`      // in place of detect.stride; 0 = detect.stride
	MotionGate *bool     `yaml:"motion_gate"` // in place of the camera's
	Follow     Follow    `yaml:"follow"`      // in place of the camera's
}

// Follow says whether the model judges each moving target by itself, and which. In the file it is true, false, or a block of these keys.
type Follow struct {
	On       bool          // follow: true, or a block
	Max      int           `yaml:"max"`         // targets at a time, 1 to 16
	Smallest float64       `yaml:"smallest"`    // least height of a target, 0.01 to 0.5 of the view's
	Still    time.Duration `yaml:"still_after"` // a target that has not moved for this long becomes background; 10s to 1h
}

// ViewsOf returns the camera's views with every choice made; without any of its own, one with no name. A motion gate is on by default
// only where the model can have one.
func (c *Config) ViewsOf(cam Camera, canGate bool) []View {
	views := cam.viewsWithFollow()
	gate := canGate && c.viewCount() > 1
	override(&gate, cam.MotionGate)
	for i := range views {
		v := &views[i]
		if v.Stride == 0 {
			v.Stride = c.Detect.Stride
		}
		if v.MotionGate == nil {
			v.MotionGate = &gate
		}
	}
	return views
}

// viewCount is how many views all cameras have together.
func (c *Config) viewCount() (n int) {
	for _, cam := range c.Cameras {
		n += max(1, len(cam.Views))
	}
	return n
}

// Model says which network runs, and on what.
type Model struct {
	File     string `yaml:"file"`     // people, people-half, motions, or the path of a .tflite with labels.txt and edged.json zipped onto its end; "" = people
	Delegate string `yaml:"delegate"` // xnnpack, cpu, gpu, gpu:PATH, external:PATH
	Strict   bool   `yaml:"strict"`   // true = edged does not start if the delegate cannot run; false = edged uses the next best one
	// DelegateOptions are options for the plugin of external:PATH.
	DelegateOptions map[string]string `yaml:"delegate_options"`
	Threads         int               `yaml:"threads"` // threads of TFLite and XNNPACK; at most the number of cores
}

// Detect turns scores into actions.
type Detect struct {
	Stride      int              `yaml:"stride"`       // sampled frames from one window to the next
	Smoothing   time.Duration    `yaml:"smoothing"`    // time constant of the scores' exponential average
	Enter       float64          `yaml:"enter"`        // smoothed score at which an action starts, 0.01 to 1
	Exit        float64          `yaml:"exit"`         // smoothed score below which it ends
	MinDuration time.Duration    `yaml:"min_duration"` // an action shorter than this is not reported
	Cooldown    time.Duration    `yaml:"cooldown"`     // least time from an action's end to its next start
	UpdateEvery time.Duration    `yaml:"update_every"` // time between update events while an action goes on; 0 = none
	Heartbeat   time.Duration    `yaml:"heartbeat"`    // with a motion gate: the model runs at least this often, even if nothing moves
	Labels      map[string]Label `yaml:"labels"`       // exceptions for single labels
}

// Label overrides Detect for one label; nil means no exception.
type Label struct {
	Enter       *float64       `yaml:"enter"`        // in place of detect.enter
	Exit        *float64       `yaml:"exit"`         // in place of detect.exit
	MinDuration *time.Duration `yaml:"min_duration"` // in place of detect.min_duration
	Cooldown    *time.Duration `yaml:"cooldown"`     // in place of detect.cooldown
	UpdateEvery *time.Duration `yaml:"update_every"` // in place of detect.update_every
}

// Rule is an action that follows from others. It has after with then or until, or it has without. Labels with | between them stand for any one of them.
type Rule struct {
	After   string        `yaml:"after"`   // labels; an action of one of them comes first
	Then    string        `yaml:"then"`    // labels; an action of one of them begins after it
	Within  time.Duration `yaml:"within"`  // the time in which the action of then must begin; 0s to 1h
	For     time.Duration `yaml:"for"`     // with then: how long its action must last; with until and no then: how long no action of until may begin (from 1s); with without: how long nobody does these actions (from 1s); up to 24h
	Until   string        `yaml:"until"`   // labels; an action of one of them ends the rule's action. Default: it ends with the action of then
	Without string        `yaml:"without"` // labels; none of their actions goes on

	BuiltIn bool // it is edged's own, as the file left it
}

// MQTT says where to publish.
type MQTT struct {
	Broker       string        `yaml:"broker"`        // "embedded", or tcp://, mqtts://, ws:// or wss://HOST:PORT
	Brokers      []string      `yaml:"brokers"`       // more nodes of the same cluster, tried in turn
	CAFile       string        `yaml:"ca_file"`       // PEM; authorities that sign the broker's certificate; "" = the system's
	CertFile     string        `yaml:"cert_file"`     // PEM; this board's client certificate
	KeyFile      string        `yaml:"key_file"`      // PEM; its key
	Insecure     bool          `yaml:"insecure"`      // accept any certificate
	Discovery    string        `yaml:"discovery"`     // Home Assistant's discovery prefix; "" = no discovery
	BirthTopic   string        `yaml:"birth_topic"`   // topic of Home Assistant's birth message; "" = homeassistant/status and DISCOVERY/status
	Listen       string        `yaml:"listen"`        // address of the embedded broker; loopback
	Username     string        `yaml:"username"`      // or EDGED_MQTT_USERNAME
	PasswordFile string        `yaml:"password_file"` // holds the password; or EDGED_MQTT_PASSWORD, or systemd's credential
	Scores       bool          `yaml:"scores"`        // also publish every window's scores
	ScoresEvery  time.Duration `yaml:"scores_every"`  // the shortest time between two of them; 0 = every window
	OutboxEvents int           `yaml:"outbox_events"` // at most this many events wait for the broker; then edged drops the oldest
	OutboxBytes  int           `yaml:"outbox_bytes"`  // at most this many bytes of events wait
	OutboxAge    time.Duration `yaml:"outbox_age"`    // edged drops events that have waited longer than this

	password *string // from PasswordFile or EDGED_MQTT_PASSWORD; a pointer, so that printing a Config never shows it
}

// Password returns the broker's password, "" where there is none.
func (m MQTT) Password() string {
	if m.password == nil {
		return ""
	}
	return *m.password
}

// SetCredentials sets what the broker asks for, in place of all other sources.
func (m *MQTT) SetCredentials(username, password string) {
	m.Username, m.password = username, &password
}

// Record says what is kept of the pictures before, during and after an event.
type Record struct {
	Enabled  bool          `yaml:"enabled"`   // write a clip for every event
	Dir      string        `yaml:"dir"`       // folder of the clips; "" = clips in state_dir
	Before   time.Duration `yaml:"before"`    // how much a clip shows before its event
	After    time.Duration `yaml:"after"`     // how much it shows after its event
	MaxClip  time.Duration `yaml:"max_clip"`  // the longest clip
	MaxBytes int64         `yaml:"max_bytes"` // of all clips together; edged deletes the oldest first
	MaxAge   time.Duration `yaml:"max_age"`   // edged deletes older clips
	Memory   int           `yaml:"memory"`    // bytes for the pictures of each camera before an event
	FPS      int           `yaml:"fps"`       // pictures a second where edged must encode them: raw formats, masks
	Side     int           `yaml:"side"`      // longest side of those pictures
}

// Teach says how edged learns the actions that users teach it.
type Teach struct {
	Enabled           bool          `yaml:"enabled"`              // users can teach actions
	KeepPictures      bool          `yaml:"keep_pictures"`        // keep the model's small pictures of examples and of questions; without them a new model cannot learn the examples anew
	LookBack          time.Duration `yaml:"look_back"`            // "that was it" looks for the action in this much time before
	FalseAlarmsPerDay float64       `yaml:"false_alarms_per_day"` // edged sets the threshold of an action so that it fires this often in ordinary life
}

// Web says where and to whom the page, metrics and status are served.
type Web struct {
	Listen       string `yaml:"listen"`        // IP:PORT of the page and metrics, such as 0.0.0.0:9797 for the network; "" = no page
	URL          string `yaml:"url"`           // the address that people open, if it differs from web.listen: https://HOST/PATH
	PasswordFile string `yaml:"password_file"` // file with the output of "edged password"; without it only this machine gets pictures
	TrustedProxy string `yaml:"trusted_proxy"` // IP address of a proxy that lets only people in who may see everything; its requests need no password
	CertFile     string `yaml:"cert_file"`     // PEM; serve HTTPS, with key_file
	KeyFile      string `yaml:"key_file"`      // PEM
}

// Log says how much is logged.
type Log struct {
	Level string `yaml:"level"` // debug, info, warn, error
}

// Embedded is the value of mqtt.broker that asks for the built-in broker.
const Embedded = "embedded"

// Default returns the configuration of an empty file.
func Default() *Config {
	return &Config{
		Node:    hostname(),
		Cameras: []Camera{{Name: "camera", Source: "v4l2:auto", StallAfter: 5 * time.Second, FrozenAfter: 30 * time.Second}},
		// One thread: a second one makes a small model little faster, and waits for a core when others use them all.
		Model:  Model{Delegate: "xnnpack", Threads: 1},
		Detect: Detect{Stride: 2, Smoothing: 500 * time.Millisecond, Enter: 0.6, Exit: 0.4, Heartbeat: 10 * time.Second},
		Rules:  maps.Clone(builtInRules),
		MQTT: MQTT{
			Broker: Embedded, Listen: "127.0.0.1:1883", Discovery: "homeassistant", ScoresEvery: time.Second,
			OutboxEvents: bounds.OutboxEvents, OutboxBytes: bounds.OutboxBytes, OutboxAge: bounds.OutboxAge,
		},
		Record: Record{
			Before: 3 * time.Second, After: 3 * time.Second, MaxClip: time.Minute, MaxBytes: 500_000_000, MaxAge: 7 * 24 * time.Hour,
			Memory: 32_000_000, FPS: 5, Side: 640,
		},
		Teach: Teach{Enabled: true, KeepPictures: true, LookBack: 15 * time.Second, FalseAlarmsPerDay: 1},
		Web:   Web{Listen: "127.0.0.1:9797"},
		Log:   Log{Level: "info"},
	}
}

// Load reads and checks the file and the variables of the environment that go over it, and reads the secrets that it names. A bad one gives Problems, all of them at once.
func Load(path string) (*Config, error) { return load(path, (*decoder).secrets) }

// LoadPublic is Load for callers that need no secrets and may have no right to read them.
func LoadPublic(path string) (*Config, error) { return load(path, nothingMore) }

func load(path string, secrets func(*decoder, *Config)) (*Config, error) {
	data, err := plainfile.ReadText(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("config: %s: %w", path, err)
	}
	return parse(path, data, (*decoder).environment, func(d *decoder, c *Config) {
		c.resolvePaths(filepath.Dir(path))
		secrets(d, c)
	})
}

// Parse is Load for a file's content; name is what its problems are reported under.
func Parse(name string, data []byte) (*Config, error) {
	return parse(name, data, nothingMore, (*decoder).secrets)
}

// ParsePublic is LoadPublic for a file's content: it reads no file that the configuration names.
func ParsePublic(name string, data []byte) (*Config, error) {
	return parse(name, data, nothingMore, nothingMore)
}

func nothingMore(*decoder, *Config) {}

func parse(name string, data []byte, override, secrets func(*decoder, *Config)) (*Config, error) {
	c := Default()
	d := decode(data, c)
	override(d, c)
	d.validate(c)
	secrets(d, c)
	if err := d.err(name); err != nil {
		return nil, err
	}
	return c, nil
}

// Validate checks a Config that was changed after it was read; name is what its problems are reported under.
func (c *Config) Validate(name string) error {
	d := &decoder{}
	d.validate(c)
	return d.err(name)
}

// hostname returns the board's name as an MQTT topic can hold it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "edged"
	}
	name, _, _ = strings.Cut(name, ".")
	return bounds.MakeName(name)
}
