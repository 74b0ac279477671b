package config

import (
	"fmt"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"edged/capture/picture"
	"edged/infer/delegate"
	"edged/internal/bounds"
	"edged/publish/address"
)

// validate adds what the types alone cannot say. The labels' names are checked by whoever has the model.
func (d *decoder) validate(c *Config) {
	d.name("node", c.Node)
	if len(c.Cameras) == 0 {
		d.problem("cameras", "must name at least one camera")
	}
	seen := map[string]bool{}
	for i, cam := range c.Cameras {
		d.camera(fmt.Sprintf("cameras[%d]", i), cam, seen)
	}
	d.model(c.Model)
	d.detect(c.Detect)
	d.checkRules(c.Rules)
	d.mqtt(c.MQTT)
	d.record(c.Record)
	d.teach(c.Teach)
	d.web(c.Web)
	d.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
}

// name checks a part of an MQTT topic and of a Home Assistant id.
func (d *decoder) name(key, s string) {
	if err := bounds.CheckName(s); err != nil {
		d.problem(key, "%v", err)
	}
}

func (d *decoder) camera(key string, cam Camera, seen map[string]bool) {
	d.name(key+".name", cam.Name)
	if seen[cam.Name] {
		d.problem(key+".name", "two cameras are named %q; each needs a name of its own", cam.Name)
	}
	seen[cam.Name] = true
	d.format(key, cam)
	d.whole(key+".width", cam.Width, 0, 8192)
	d.whole(key+".height", cam.Height, 0, 8192)
	if (cam.Width == 0) != (cam.Height == 0) {
		d.problem(key+".width", "width and height go together")
	}
	if s := cam.FrozenAfter.Seconds(); s != 0 && (s < 5 || s > 3600) {
		d.problem(key+".frozen_after", "must be 5s to 1h, or 0s to accept a picture that never changes, not %v", cam.FrozenAfter)
	}
	d.whole(key+".fps", cam.FPS, 0, 240)
	d.masks(key+".masks", cam.Masks)
	d.views(key+".views", cam.Views)
	d.zones(key+".zones", cam)
	if s := cam.StallAfter.Seconds(); s < 0.5 || s > 10 {
		d.problem(key+".stall_after", "must be 500ms to 10s, not %v: systemd's watchdog would take a longer silence for a hang", cam.StallAfter)
	}
}

func (d *decoder) views(key string, views []View) {
	if len(views) > picture.MaxAreas {
		d.problem(key, "%d views; at most %d", len(views), picture.MaxAreas)
	}
	seen := map[string]bool{}
	for i, v := range views {
		at := fmt.Sprintf("%s[%d]", key, i)
		d.name(at+".name", v.Name)
		if seen[v.Name] {
			d.problem(at+".name", "two views are named %q; each needs a name of its own", v.Name)
		}
		seen[v.Name] = true
		if a := v.Area; len(a) != 0 && (len(a) != 4 || !(picture.Area{X: a[0], Y: a[1], Width: a[2], Height: a[3]}).Within()) {
			d.problem(at+".area", "must be [x, y, width, height], each 0 to 1 of the picture and within it, not %v", a)
		}
		d.whole(at+".stride", v.Stride, 0, bounds.MaxStride)
	}
}

// masks checks that every polygon has corners and lies in the picture. One without an area hides what lies along it.
func (d *decoder) masks(key string, polygons [][][]float64) {
	for i, polygon := range polygons {
		at := fmt.Sprintf("%s[%d]", key, i)
		if len(polygon) < 3 {
			d.problem(at, "a polygon has at least 3 corners, such as [[0, 0], [0.5, 0], [0.5, 1]], not %d", len(polygon))
		}
		for k, p := range polygon {
			if len(p) != 2 || !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) {
				d.problem(fmt.Sprintf("%s[%d]", at, k), "a corner is [x, y], each 0 to 1 of the picture, not %v", p)
			}
		}
	}
}

func (d *decoder) format(key string, cam Camera) {
	if cam.Format == "" {
		return
	}
	d.oneOf(key+".format", cam.Format, picture.Names()...)
	if strings.HasPrefix(cam.Source, "command:") && cam.Format != "mjpeg" && cam.Width == 0 {
		d.problem(key+".format", "raw frames of a command need width and height, too")
	}
}

func (d *decoder) model(m Model) {
	if _, err := delegate.Parse(m.Delegate); err != nil || m.Delegate == "" {
		d.problem("model.delegate", "must be %s, not %q", delegate.Grammar, m.Delegate)
	}
	if cores := runtime.NumCPU(); m.Threads > cores {
		d.problem("model.threads", "%d threads on %d cores only slow each other down; at most %d here", m.Threads, cores, cores)
	} else {
		d.whole("model.threads", m.Threads, 1, cores)
	}
}

func (d *decoder) detect(t Detect) {
	d.whole("detect.stride", t.Stride, 1, bounds.MaxStride)
	if s := t.Heartbeat.Seconds(); s < 1 || s > 3600 {
		d.problem("detect.heartbeat", "must be 1s to 1h, not %v", t.Heartbeat)
	}
	if s := t.Smoothing.Seconds(); s < 0 || s > 60 {
		d.problem("detect.smoothing", "must be 0s to 60s, not %v", t.Smoothing)
	}
	d.rule("detect", t)
	for name, l := range t.Labels {
		if l == (Label{}) {
			d.problem("detect.labels."+name, "says nothing; give enter, exit, min_duration, cooldown or update_every")
		}
		d.rule("detect.labels."+name, t.For(name))
	}
}

// rule checks what Detect.For returns.
func (d *decoder) rule(key string, t Detect) {
	d.thresholds(key, t.Enter, t.Exit)
	d.upTo(key+".min_duration", t.MinDuration, time.Minute)
	d.upTo(key+".cooldown", t.Cooldown, time.Hour)
	d.upTo(key+".update_every", t.UpdateEvery, time.Hour)
	if t.UpdateEvery > 0 && t.UpdateEvery < 200*time.Millisecond {
		d.problem(key+".update_every", "must be 200ms or more, or 0s for none, not %v", t.UpdateEvery)
	}
}

func (d *decoder) upTo(key string, v, high time.Duration) {
	if v < 0 || v > high {
		d.problem(key, "must be 0s to %v, not %v", high, v)
	}
}

// For returns the settings that hold for a label.
func (t Detect) For(label string) Detect {
	l := t.Labels[label]
	override(&t.Enter, l.Enter)
	override(&t.Exit, l.Exit)
	override(&t.MinDuration, l.MinDuration)
	override(&t.Cooldown, l.Cooldown)
	override(&t.UpdateEvery, l.UpdateEvery)
	return t
}

func override[T any](v, by *T) {
	if by != nil {
		*v = *by
	}
}

func (d *decoder) thresholds(key string, enter, exit float64) {
	if !(enter >= bounds.MinThreshold && enter <= 1) { // NaN is neither
		d.problem(key+".enter", "must be %v to 1, not %v", bounds.MinThreshold, enter)
	}
	if !(exit > 0 && exit <= enter) {
		at := key + ".exit"
		if d.lines[at] == 0 { // then enter went below the exit that holds by default
			at = key + ".enter"
		}
		d.problem(at, "exit must be above 0 and at most enter (%v), not %v", enter, exit)
	}
}

func (d *decoder) mqtt(m MQTT) {
	if m.Broker != Embedded {
		d.broker("mqtt.broker", m.Broker, "; "+Embedded+" is the built-in one")
	} else if len(m.Brokers) > 0 {
		d.problem("mqtt.brokers", "go with a broker of your own in mqtt.broker, not with the embedded one")
	}
	for i, b := range m.Brokers {
		d.broker(fmt.Sprintf("mqtt.brokers[%d]", i), b, "")
	}
	if m.Discovery != "" {
		d.name("mqtt.discovery", m.Discovery)
	}
	if err := bounds.CheckTopic(m.BirthTopic); m.BirthTopic != "" && err != nil {
		d.problem("mqtt.birth_topic", "%v", err)
	}
	if (m.CertFile == "") != (m.KeyFile == "") {
		d.problem("mqtt.cert_file", "cert_file and key_file go together")
	}
	host, port, err := net.SplitHostPort(m.Listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() || !isPort(port) {
		d.problem("mqtt.listen", "must be a loopback address with a port, such as 127.0.0.1:1883, not %q: the embedded broker asks for no password", m.Listen)
	}
	d.upTo("mqtt.scores_every", m.ScoresEvery, time.Hour)
	if m.OutboxEvents < 1 || m.OutboxEvents > bounds.MaxOutboxEvents {
		d.problem("mqtt.outbox_events", "must be 1 to %d", bounds.MaxOutboxEvents)
	}
	d.whole("mqtt.outbox_bytes", m.OutboxBytes, 1, 1_000_000_000)
	if m.OutboxAge <= 0 || m.OutboxAge > bounds.MaxAge {
		d.problem("mqtt.outbox_age", "must be more than 0s and at most %v, not %v", bounds.MaxAge, m.OutboxAge)
	}
}

func (d *decoder) broker(key, broker, hint string) {
	if _, err := address.Parse(broker); err != nil {
		d.problem(key, "%v%s", err, hint)
	}
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535
}

func (d *decoder) whole(key string, v, low, high int) {
	if v < low || v > high {
		d.problem(key, "must be %d to %d, not %d", low, high, v)
	}
}

func (d *decoder) oneOf(key, v string, allowed ...string) {
	if !slices.Contains(allowed, v) {
		d.problem(key, "must be one of %s, not %q", strings.Join(allowed, ", "), v)
	}
}

// maxClipBytes is more than any disk of a board has: 100 TB.
const maxClipBytes = 100_000_000_000_000

func (d *decoder) record(r Record) {
	d.upTo("record.before", r.Before, time.Minute)
	d.upTo("record.after", r.After, time.Minute)
	if least := r.Before + r.After + time.Second; r.MaxClip < least || r.MaxClip > time.Hour {
		d.problem("record.max_clip", "must be at least a second longer than before and after together (%v), and at most 1h, not %v", least, r.MaxClip)
	}
	if r.MaxBytes < 1_000_000 || r.MaxBytes > maxClipBytes {
		d.problem("record.max_bytes", "must be 1000000 to %d, not %d", int64(maxClipBytes), r.MaxBytes)
	}
	if r.MaxAge < time.Minute || r.MaxAge > bounds.MaxAge {
		d.problem("record.max_age", "must be 1m to %v, not %v", bounds.MaxAge, r.MaxAge)
	}
	d.whole("record.memory", r.Memory, 1_000_000, 1_000_000_000)
	d.whole("record.fps", r.FPS, 1, 30)
	d.whole("record.side", r.Side, 96, 4096)
}

func (d *decoder) teach(t Teach) {
	if t.LookBack < 2*time.Second || t.LookBack > 2*time.Minute {
		d.problem("teach.look_back", "must be 2s to 2m, not %v", t.LookBack)
	}
	if !(t.FalseAlarmsPerDay >= 0.01 && t.FalseAlarmsPerDay <= 1000) { // NaN is neither
		d.problem("teach.false_alarms_per_day", "must be 0.01 to 1000, not %v", t.FalseAlarmsPerDay)
	}
}

func (d *decoder) web(w Web) {
	if host, port, err := net.SplitHostPort(w.Listen); w.Listen != "" && (err != nil || net.ParseIP(host) == nil || !isPort(port)) {
		d.problem("web.listen", "must be an address with a port, such as 127.0.0.1:9797, or \"\" to serve nothing, not %q", w.Listen)
	}
	if u, err := url.Parse(w.URL); w.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		d.problem("web.url", "must be http:// or https:// with a host and perhaps a path, such as https://home.example/edged, not %q", w.URL)
	}
	if w.TrustedProxy != "" && net.ParseIP(w.TrustedProxy) == nil {
		d.problem("web.trusted_proxy", "must be the IP address from which the proxy connects, such as 172.30.32.2, not %q", w.TrustedProxy)
	}
	if (w.CertFile == "") != (w.KeyFile == "") {
		d.problem("web.cert_file", "cert_file and key_file go together")
	}
}
