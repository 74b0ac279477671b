package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func parseRules(t *testing.T, yaml string) map[string]Rule {
	t.Helper()
	c, err := Parse("edged.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return c.Rules
}

func TestRules(t *testing.T) {
	rules := parseRules(t, `
rules:
  visit: {after: wave, then: walk | run, within: 5s, until: sit_down}
  quiet: {without: walk|run, for: 30m}
`)
	want := map[string]Rule{
		"visit":  {After: "wave", Then: "walk | run", Within: 5 * time.Second, Until: "sit_down"},
		"quiet":  {Without: "walk|run", For: 30 * time.Minute, Within: defaultWithin},
		"fallen": builtInRules["fallen"],
	}
	if !maps.Equal(rules, want) {
		t.Errorf("got %+v\nwant %+v", rules, want)
	}
	if got := Words(rules["visit"].Then); !slices.Equal(got, []string{"walk", "run"}) {
		t.Errorf("then names %q", got)
	}
}

func TestTheBuiltInRule(t *testing.T) {
	if rules := parseRules(t, "rules: {fallen: false}"); len(rules) != 0 {
		t.Errorf("switched off, but there is %v", rules)
	}
	if rules := parseRules(t, "rules: {fallen: true}"); !maps.Equal(rules, builtInRules) {
		t.Errorf("got %v", rules)
	}
	longer := builtInRules["fallen"]
	longer.For, longer.Within, longer.BuiltIn = 30*time.Second, defaultWithin, false
	if got := parseRules(t, "rules: {fallen: {for: 30s}}")["fallen"]; got != longer {
		t.Errorf("got %+v, want %+v", got, longer)
	}
	stricter := Rule{After: "fall", Then: "lying", Within: defaultWithin, For: 10 * time.Second, Until: "get_up|stand_up|walk|run"}
	if got := parseRules(t, "rules: {fallen: {then: lying}}")["fallen"]; got != stricter {
		t.Errorf("got %+v, want %+v", got, stricter)
	}
	if got := parseRules(t, "rules: {fallen: false}"); len(builtInRules) != 1 {
		t.Errorf("one file changes what another one means: %v", got)
	}
}

func TestWrongRules(t *testing.T) {
	for yaml, want := range map[string]string{
		"rules: 3":                                                        "1: rules: must be a block of names",
		"rules: {fallen: soon}":                                           `1: rules.fallen: must be a block of keys (after, then, within, for, until, without), not "soon"`,
		"rules: {visit: false}":                                           "1: rules.visit: only a rule of edged's own can be true or false, and visit is none; its own are fallen",
		"rules:\n  x: {after: a}":                                         "2: rules.x: after goes with then, or with until and for",
		"rules:\n  x: {then: a, until: b}":                                "2: rules.x: after goes with then, or with until and for",
		"rules:\n  x: {after: a, until: b}":                               "2: rules.x: without then, for must say how long",
		"rules:\n  x: {after: a, until: b, for: 5s, within: 2s}":          "2: rules.x.within: goes with then",
		"rules:\n  x: {for: 3s}":                                          "2: rules.x: says nothing; give after with then or until, or without and for",
		"rules:\n  x: {without: a}":                                       "2: rules.x: for must say how long there is none of these actions, 1s to 24h, not 0s",
		"rules:\n  x:\n    without: a\n    after: b\n    then: c":         "3: rules.x.without: a rule has either without, or after with then or until",
		"rules:\n  x: {without: a, for: 5s, within: 3s}":                  "2: rules.x.within: goes with after and then",
		"rules:\n  x: {after: a, then: b||c}":                             "2: rules.x.then: has an empty place; write labels with | between them, such as walk|run",
		"rules:\n  x: {after: a|a, then: b}":                              "2: rules.x.after: names a twice",
		"rules:\n  x: {after: a, then: b, until: c|b}":                    "2: rules.x.then: b is also in after or until",
		"rules:\n  x: {after: a, then: b, for: 25h}":                      "2: rules.x.for: must be 0s to 24h0m0s, not 25h0m0s",
		"rules:\n  x: {after: a, then: b, within: -1s}":                   "2: rules.x.within: must be 0s to 1h, not -1s",
		"rules:\n  x: {after: fallen, then: b}":                           "2: rules.x.after: fallen is a rule; a rule can rest only on labels of the model",
		"rules:\n  x: {after: a, then: b, unless: c}":                     "2: rules.x.unless: no such key; allowed here: after, then, within, for, until, without",
		"rules:\n  x: {after: [a, b], then: c}":                           "2: rules.x.after: must be a text",
		"rules:\n  x: {after: a, then: b, for: long}":                     "2: rules.x.for: must be a duration",
		"rules:\n  a/b: {after: a, then: b}":                              "2: rules.a/b: its name must be 1 to",
		"rules: {" + strings.Repeat("%: {after: a, then: b}, ", 64) + "}": "rules: 65 rules; at most 64",
	} {
		for i := 0; strings.Contains(yaml, "%"); i++ {
			yaml = strings.Replace(yaml, "%", "r"+string(rune('a'+i/26))+string(rune('a'+i%26)), 1)
		}
		_, err := Parse("edged.yaml", []byte(yaml))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s\n got %v\nwant %s", yaml, err, want)
		}
	}
}

func TestRulesOfAModel(t *testing.T) {
	c := Default()
	c.Rules["visit"] = Rule{After: "wave", Then: "walk"}
	for _, has := range []struct {
		actions []string
		want    string
	}{
		{[]string{"walk", "fall", "lying", "get_up", "run"}, "fallen: fall, then no get_up|walk|run for 10s"},
		{[]string{"fall", "get_up"}, "fallen: fall, then no get_up for 10s"},
		{[]string{"fall", "lying"}, ""}, // it would never end
		{[]string{"wave", "walk"}, "visit: wave, then walk within 0s"},
		{[]string{"wave", "walk", "visit"}, ""},
	} {
		var got []string
		for name, r := range c.RulesFor(has.actions) {
			got = append(got, name+": "+r.String())
		}
		if text := strings.Join(got, "\n"); text != has.want {
			t.Errorf("a model with %v has\n%s\nwant\n%s", has.actions, text, has.want)
		}
	}
}
