package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"edged/internal/bounds"
)

// builtInRules are the rules that hold unless the file changes them or switches them off. They hold for models that have their labels.
var builtInRules = map[string]Rule{
	// It does not ask for lying: today's models hardly see that somebody lies still.
	"fallen": {After: "fall", For: 10 * time.Second, Until: "get_up|stand_up|walk|run", BuiltIn: true},
}

// defaultWithin is what an absent within means.
const defaultWithin = 10 * time.Second

// maxRules bounds what each window costs.
const maxRules = 64

// Words returns the labels of one of a rule's keys: "walk|run" names two.
func Words(labels string) []string {
	if labels == "" {
		return nil
	}
	words := strings.Split(labels, "|")
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	return words
}

// RulePart is the labels under one key of a rule.
type RulePart struct {
	Key    string
	Labels []string
}

// Parts are the rule's labels by their keys.
func (r Rule) Parts() []RulePart {
	return []RulePart{{"after", Words(r.After)}, {"then", Words(r.Then)}, {"until", Words(r.Until)}, {"without", Words(r.Without)}}
}

// rules stores the rules of the file over the built-in ones.
func (d *decoder) rules(path string, n ast.Node, into map[string]Rule) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.problem(path, "must be a block of names, not %s", oneLine(n))
		return
	}
	for it := m.MapRange(); it.Next(); {
		name := keyOf(it.Key())
		at := join(path, name)
		d.lines[at] = it.Key().GetToken().Position.Line
		if rule, ok := d.oneRule(at, it.Value(), into[name]); ok {
			into[name] = rule
		} else {
			delete(into, name)
		}
	}
}

// oneRule returns the rule that the node makes of the one that holds without it; false if it switches that off.
func (d *decoder) oneRule(at string, n ast.Node, rule Rule) (Rule, bool) {
	switch value := n.(type) {
	case *ast.BoolNode:
		if !rule.BuiltIn {
			d.problem(at, "only a rule of edged's own can be true or false, and %s is none; its own are %s", strings.TrimPrefix(at, "rules."), strings.Join(slices.Sorted(maps.Keys(builtInRules)), ", "))
		}
		return rule, value.Value && rule.BuiltIn
	case ast.MapNode:
		rule.BuiltIn = false
		if rule.Within == 0 {
			rule.Within = defaultWithin
		}
		d.fields(at, n, reflect.ValueOf(&rule).Elem())
		return rule, true
	}
	d.problem(at, "must be a block of keys (%s), not %s", strings.Join(keys(reflect.TypeFor[Rule]()), ", "), d.restore(oneLine(n)))
	return rule, false
}

// checkRules checks what needs no model.
func (d *decoder) checkRules(rules map[string]Rule) {
	if len(rules) > maxRules {
		d.problem("rules", "%d rules; at most %d", len(rules), maxRules)
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		at := "rules." + name
		if rules[name].BuiltIn {
			continue
		}
		if err := bounds.CheckName(name); err != nil {
			d.problem(at, "its name %v", err)
		}
		d.checkForm(at, rules[name])
		for _, part := range rules[name].Parts() {
			d.checkWords(at+"."+part.Key, part.Labels, rules)
		}
	}
}

// checkForm checks that the rule has the keys of one form.
func (d *decoder) checkForm(at string, r Rule) {
	sequence, absence := r.After != "" || r.Then != "" || r.Until != "", r.Without != ""
	switch {
	case sequence && absence:
		d.problem(at+".without", "a rule has either without, or after with then or until; make two rules of it")
	case sequence && (r.After == "" || r.Then == "" && r.Until == ""):
		d.problem(at, "after goes with then, or with until and for: after: fall, for: 10s, until: get_up")
	case sequence && r.Then == "" && r.For < time.Second:
		d.problem(at, "without then, for must say how long no action of until may begin, 1s to 24h, not %v", r.For)
	case sequence && r.Then == "" && d.lines[at+".within"] != 0:
		d.problem(at+".within", "goes with then")
	case !sequence && !absence:
		d.problem(at, "says nothing; give after with then or until, or without and for")
	case absence && d.lines[at+".within"] != 0:
		d.problem(at+".within", "goes with after and then; a rule with without has only for")
	case absence && r.For < time.Second:
		d.problem(at, "for must say how long there is none of these actions, 1s to 24h, not %v", r.For)
	}
	d.upTo(at+".for", r.For, 24*time.Hour)
	if r.Within < 0 || r.Within > time.Hour {
		d.problem(at+".within", "must be 0s to 1h, not %v", r.Within)
	}
	for _, label := range Words(r.Then) {
		if slices.Contains(Words(r.After), label) || slices.Contains(Words(r.Until), label) {
			d.problem(at+".then", "%s is also in after or until; an action that goes on cannot be two of them", label)
		}
	}
}

// checkWords checks labels of a rule as far as that is possible without a model.
func (d *decoder) checkWords(at string, labels []string, rules map[string]Rule) {
	for i, label := range labels {
		switch _, isRule := rules[label]; {
		case label == "":
			d.problem(at, "has an empty place; write labels with | between them, such as walk|run")
		case slices.Contains(labels[:i], label):
			d.problem(at, "names %s twice", label)
		case isRule:
			d.problem(at, "%s is a rule; a rule can rest only on labels of the model", label)
		}
	}
}

// RulesFor returns the rules for a camera with a model of these actions, by name. They are those whose labels the model has; of the labels under until
// a built-in rule needs only one.
func (c *Config) RulesFor(actions []string) map[string]Rule {
	out := map[string]Rule{}
	for name, r := range c.Rules {
		if r.BuiltIn {
			r.Until = strings.Join(known(Words(r.Until), actions), "|")
			if r.Until == "" {
				continue
			}
		}
		if all := slices.Concat(Words(r.After), Words(r.Then), Words(r.Until), Words(r.Without)); len(known(all, actions)) == len(all) && !slices.Contains(actions, name) {
			out[name] = r
		}
	}
	return out
}

func known(labels, actions []string) []string {
	return slices.DeleteFunc(labels, func(l string) bool { return !slices.Contains(actions, l) })
}

// String is the rule in words.
func (r Rule) String() string {
	if r.Without != "" {
		return fmt.Sprintf("no %s for %v", r.Without, r.For)
	}
	s := fmt.Sprintf("%s, then %s within %v", r.After, r.Then, r.Within)
	if r.Then == "" {
		return fmt.Sprintf("%s, then no %s for %v", r.After, r.Until, r.For)
	}
	if r.For > 0 {
		s += fmt.Sprintf(" for %v", r.For)
	}
	if r.Until != "" {
		s += ", until " + r.Until
	}
	return s
}
