package publish

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"edged/internal/bounds"
)

// maxNameBytes keeps topics short enough for every broker and for a person's eye.
const maxNameBytes = bounds.MaxLabelBytes

// reserved are the names that views and labels cannot have: edged's own topics have them.
var reserved = []string{"enabled", "threshold", "snapshot", "delete_clip", "scores", "status", "event", "state", "last"}

// topics holds the node's own topics and makes those of its cameras and views.
type topics struct {
	prefix string // edged/<node>/
	status string // online or offline, retained, the last will
	stats  string // JSON
	// discovery is where Home Assistant is told of the node; "" = nowhere.
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
		errs = append(errs, checkName("camera", c.Name), checkNames(of, "label", c.Labels), checkNames(of, "view", c.Views))
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

// CheckLabels reports every label that no topic can have; each camera's are checked by Initialize, too.
func CheckLabels(labels []string) error { return checkNames("", "label", labels) }

// checkNames reports what is wrong with the names; of, which begins the messages, says whose they are.
func checkNames(of, kind string, names []string) error {
	var errs []error
	seen := map[string]bool{}
	for _, n := range names {
		errs = append(errs, checkName(kind, n))
		if seen[n] {
			errs = append(errs, fmt.Errorf("publish: %s%s %q is there twice; %ss must differ", of, kind, n, kind))
		}
		if slices.Contains(reserved, n) {
			errs = append(errs, fmt.Errorf("publish: %s%s %q: reserved for a topic of edged's own; rename it", of, kind, n))
		}
		seen[n] = true
	}
	return errors.Join(errs...)
}

// checkName says whether the name can be one level of a topic (MQTT 3.1.1, 4.7). Those of labels come from the model's file.
func checkName(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("publish: a %s without a name: its topics need one", kind)
	case len(name) > maxNameBytes:
		return fmt.Errorf("publish: %s %q...: %d bytes; %d at most fit into a topic here", kind, name[:16], len(name), maxNameBytes)
	case !utf8.ValidString(name):
		return fmt.Errorf("publish: %s %q: not UTF-8, which topics must be", kind, name)
	}
	if i := strings.IndexAny(name, "+#/\x00"); i >= 0 {
		return fmt.Errorf("publish: %s %q: %q has a meaning of its own in topics; use letters, digits, '-' and '_'", kind, name, name[i])
	}
	return nil
}
