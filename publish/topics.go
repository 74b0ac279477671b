package publish

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"edged/internal/bounds"
	"edged/internal/printable"
)

// maxNameBytes keeps topics short enough for every broker, and readable.
const maxNameBytes = bounds.MaxLabelBytes

// reserved are names of edged's own topics. Views and labels cannot have them.
var reserved = []string{"enabled", "threshold", "snapshot", "delete_clip", "scores", "status", "event", "state", "last", "teach", "shadow"}

// topics are the topics of the node itself. of makes those of cameras and views.
type topics struct {
	prefix string // edged/<node>/
	status string // online or offline, retained, the last will
	stats  string // JSON
	// discovery is the topic of the description for Home Assistant; "" = there is none.
	discovery string
}

func newTopics(node string) topics {
	prefix := "edged/" + node + "/"
	return topics{prefix: prefix, status: prefix + "status", stats: prefix + "stats"}
}

func (t topics) of(levels ...string) string { return t.prefix + strings.Join(levels, "/") }

// check reports everything that is wrong with the inputs.
func (p *Publisher) check() error {
	errs := []error{checkName("node", p.Node)}
	cameras := map[string]bool{}
	for _, c := range p.Cameras {
		of := fmt.Sprintf("camera %q: ", c.Name)
		errs = append(errs, checkName("camera", c.Name), checkNames(of, "label", slices.Concat(c.Labels, c.Derived)), checkNames(of, "view", c.Views))
		for _, path := range c.Paths() {
			errs = append(errs, c.checkZones(path))
		}
		if cameras[c.Name] {
			errs = append(errs, fmt.Errorf("publish: two cameras are named %q; give each a name of its own", c.Name))
		}
		cameras[c.Name] = true
	}
	errs = append(errs, p.Discovery.check(p.Node))
	if p.KeepAlive < 0 || p.KeepAlive > maxKeepAlive || p.KeepAlive%time.Second != 0 {
		errs = append(errs, fmt.Errorf("publish: keepalive %v: must be whole seconds, %v at most", p.KeepAlive, maxKeepAlive))
	}
	if p.QueueLength < 0 || p.QueueBytes < 0 || p.QueueAge < 0 {
		errs = append(errs, fmt.Errorf("publish: queue length %d, bytes %d, age %v: must be positive", p.QueueLength, p.QueueBytes, p.QueueAge))
	}
	if p.Username == "" && p.Password != "" {
		errs = append(errs, errors.New("publish: a password without a user name; set the user name too"))
	}
	return errors.Join(errs...)
}

// checkZones reports names of zones that cannot be part of a topic, and names that zones would make ambiguous.
func (c Camera) checkZones(path string) error {
	zones := c.ZonesOf(path)
	if len(zones) == 0 {
		return nil
	}
	errs := []error{checkLevels(fmt.Sprintf("view %q: ", path), "zone", zones, nil)}
	if slices.Contains(c.Views, zoneLevel) || slices.Contains(c.actions(), zoneLevel) {
		errs = append(errs, fmt.Errorf("publish: camera %q has zones, so none of its views and labels may be named %q; rename it", c.Name, zoneLevel))
	}
	return errors.Join(errs...)
}

// CheckLabels reports every label that cannot be part of a topic. Initialize checks the labels of cameras, too.
func CheckLabels(labels []string) error { return checkNames("", "label", labels) }

// checkNames reports what is wrong with the names of views or labels. Each message begins with of, which says to whom they belong.
func checkNames(of, kind string, names []string) error { return checkLevels(of, kind, names, reserved) }

// checkLevels reports names that cannot be the level of a topic, names that appear twice, and names that are edged's own.
func checkLevels(of, kind string, names, own []string) error {
	var errs []error
	seen := map[string]bool{}
	for _, n := range names {
		errs = append(errs, checkName(kind, n))
		if seen[n] {
			errs = append(errs, fmt.Errorf("publish: %s%s %q appears twice; no two %ss may be the same", of, kind, n, kind))
		}
		if slices.Contains(own, n) {
			errs = append(errs, fmt.Errorf("publish: %s%s %q: edged uses this name for a topic of its own; rename it", of, kind, n))
		}
		seen[n] = true
	}
	return errors.Join(errs...)
}

// checkName reports why the name cannot be one level of a topic (MQTT 3.1.1, 4.7).
func checkName(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("publish: a %s has no name; its topics need one", kind)
	case len(name) > maxNameBytes:
		return fmt.Errorf("publish: %s %q...: %d bytes; a name has at most %d", kind, name[:16], len(name), maxNameBytes)
	case !utf8.ValidString(name):
		return fmt.Errorf("publish: %s %q: not UTF-8; topics must be", kind, name)
	}
	if err := printable.Check(name); err != nil { // brokers close the connection for some of these
		return fmt.Errorf("publish: %s %q: %w", kind, name, err)
	}
	if i := strings.IndexAny(name, "+#/\x00"); i >= 0 {
		return fmt.Errorf("publish: %s %q: %q has a special meaning in topics; use letters, digits, '-' and '_'", kind, name, name[i])
	}
	return nil
}
