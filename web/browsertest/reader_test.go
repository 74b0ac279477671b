package browsertest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
)

// spoken is an element as a screen reader announces it.
type spoken struct {
	role, name string
	within     []string // "role name" of what it is in, the innermost first
}

// accessibilityTree returns what the browser tells a screen reader.
func (b *browser) accessibilityTree() (all []spoken) {
	b.t.Helper()
	nodes := call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes
	byID := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range nodes {
		byID[n.NodeID] = n
	}
	for _, n := range nodes {
		if n.Ignored {
			continue
		}
		s := spoken{role: text(n.Role), name: text(n.Name)}
		for up := byID[n.ParentID]; up != nil; up = byID[up.ParentID] {
			if !up.Ignored {
				s.within = append(s.within, text(up.Role)+" "+text(up.Name))
			}
		}
		all = append(all, s)
	}
	return all
}

func text(v *accessibility.Value) (s string) {
	if v != nil {
		_ = json.Unmarshal(v.Value, &s) // what is no text stays empty
	}
	return s
}

// announces waits until a screen reader finds an element of that role, whose name begins with name, in an element called within; "" = anywhere.
func (b *browser) announces(role, name, within string) {
	b.t.Helper()
	var found []string
	for deadline := time.Now().Add(eventually); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		found = found[:0]
		for _, s := range b.accessibilityTree() {
			if s.role != role {
				continue
			}
			if strings.HasPrefix(s.name, name) && (within == "" || strings.Contains("\n"+strings.Join(s.within, "\n")+"\n", "\n"+within+"\n")) {
				return
			}
			found = append(found, s.name)
		}
	}
	b.t.Errorf("a screen reader finds no %s %q in %q; it finds %q", role, name, within, found)
}

// What a screen reader announces on each screen. These names are promised to those who write tests or scripts for the page.
func TestScreenReader(t *testing.T) {
	beside(t)
	s := newSite(t, "")
	event := s.awaitClips(1)
	b := newBrowser(t, s)
	b.size(1280, 900, false)
	b.open("")
	for _, page := range []string{"Now", "Events", "Draw", "Health"} {
		b.announces("link", page, "navigation Pages")
	}
	for _, camera := range []string{"gate", "yard"} {
		b.announces("image", camera+" now", "region "+camera)
		b.announces("meter", "left_to_right", "region "+camera)
		b.announces("slider", "Threshold of left_to_right", "region "+camera)
	}
	b.open("events")
	b.announces("listitem", "", "list Events")
	b.announces("button", event.Label, "list Events")
	b.open("events/" + event.ID)
	player := event.Label + ", " + event.View
	b.announces("dialog", player, "")
	b.open("draw")
	b.announces("button", "Draw a mask", "main ")
	b.announces("textbox", "Configuration to paste", "main ")
	b.open("health")
	b.announces("table", "", "main ")
	b.announces("link", "Save a support file", "main ")
}
