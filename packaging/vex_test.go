// Package packaging has no code: it tests files of the packages.
package packaging

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

type component struct {
	ID            string      `json:"@id"`
	Subcomponents []component `json:"subcomponents"`
}

// The fields and words of OpenVEX 0.2.0 that edged uses. A scanner passes over a file with others, without a word.
type vex struct {
	Context    string    `json:"@context"`
	ID         string    `json:"@id"`
	Author     string    `json:"author"`
	Timestamp  time.Time `json:"timestamp"`
	Version    int       `json:"version"`
	Statements []struct {
		Vulnerability struct {
			Name string `json:"name"`
		} `json:"vulnerability"`
		Products        []component `json:"products"`
		Status          string      `json:"status"`
		Justification   string      `json:"justification"`
		ImpactStatement string      `json:"impact_statement"`
		ActionStatement string      `json:"action_statement"`
	} `json:"statements"`
}

var justifications = []string{
	"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
}

func TestVEX(t *testing.T) {
	text, err := os.ReadFile("edged.openvex.json")
	if err != nil {
		t.Fatal(err)
	}
	bill, err := os.ReadFile("bill.py") // names what is linked and is no Go module
	if err != nil {
		t.Fatal(err)
	}
	var v vex
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if v.Context != "https://openvex.dev/ns/v0.2.0" || v.ID == "" || v.Author == "" || v.Timestamp.IsZero() || v.Version < 1 || len(v.Statements) == 0 {
		t.Errorf("the head is incomplete: %+v", v)
	}
	for _, s := range v.Statements {
		name := s.Vulnerability.Name
		if !strings.HasPrefix(name, "CVE-") && !strings.HasPrefix(name, "GO-") && !strings.HasPrefix(name, "GHSA-") || len(s.Products) == 0 {
			t.Errorf("%q: no name of a finding, or no product", name)
		}
		switch s.Status {
		case "not_affected":
			if !slices.Contains(justifications, s.Justification) || s.ImpactStatement == "" {
				t.Errorf("%s: justification %q, impact %q", name, s.Justification, s.ImpactStatement)
			}
		case "affected":
			if s.ActionStatement == "" {
				t.Errorf("%s: says not what to do", name)
			}
		case "fixed", "under_investigation":
		default:
			t.Errorf("%s: status %q", name, s.Status)
		}
		for _, p := range s.Products {
			for _, part := range p.Subcomponents {
				if !strings.Contains(string(bill), `"`+part.ID+`"`) {
					t.Errorf("%s: %s is not in the bill of materials", name, part.ID)
				}
			}
		}
	}
}
