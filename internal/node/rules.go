package node

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"edged/internal/config"
	"edged/internal/watch"
	"edged/models"
	"edged/publish"
)

// rulesOf returns the rules for cameras that run the model.
func rulesOf(cfg *config.Config, m *models.Model) map[string]config.Rule {
	return cfg.RulesFor(watch.Actions(m))
}

// derivedOf returns the names of these rules, in order.
func derivedOf(cfg *config.Config, m *models.Model) []string {
	return slices.Sorted(maps.Keys(rulesOf(cfg, m)))
}

// DerivedOf returns the actions of the camera that follow from others, in order.
func (n *Node) DerivedOf(camera string) []string {
	return derivedOf(n.Config, n.engineOf(camera).Model)
}

// CheckRules reports what is wrong with the configuration's rules for the model, as a ConfigError.
func CheckRules(cfg *config.Config, m *models.Model) error {
	if err := (Models{m.Path: m}).checkRules(cfg); err != nil {
		return ConfigError{err}
	}
	return nil
}

// checkRules reports what the models show to be wrong with the rules. A rule needs a model that has all its labels.
func (all Models) checkRules(cfg *config.Config) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(cfg.Rules)) {
		if r := cfg.Rules[name]; !r.BuiltIn {
			errs = append(errs, all.checkRule(cfg, name, r))
		}
	}
	return errors.Join(errs...)
}

func (all Models) checkRule(cfg *config.Config, name string, r config.Rule) error {
	if err := publish.CheckLabels([]string{name}); err != nil {
		return fmt.Errorf("rules.%s: %w", name, err)
	}
	var errs []error
	for _, part := range r.Parts() {
		for _, label := range part.Labels {
			errs = append(errs, all.checkAction(fmt.Sprintf("rules.%s.%s", name, part.Key), label))
		}
	}
	for _, m := range all {
		if slices.Contains(m.Labels, name) {
			errs = append(errs, fmt.Errorf("rules.%s: %s has a label of this name; give the rule another one", name, m.Path))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, m := range all {
		if _, ok := rulesOf(cfg, m)[name]; ok {
			return nil
		}
	}
	return fmt.Errorf("rules.%s: no single model has all labels of this rule, and a rule is about one camera: %s", name, r)
}

// checkAction returns an error if no model has such an action. The key says where the configuration names it.
func (all Models) checkAction(key, label string) error {
	var has []string
	for _, m := range all {
		if slices.Contains(watch.Actions(m), label) {
			return nil
		}
		has = append(has, fmt.Sprintf("%s has %s", m.Path, strings.Join(watch.Actions(m), ", ")))
	}
	slices.Sort(has)
	return fmt.Errorf("%s: no model has an action %q: %s", key, label, strings.Join(has, "; "))
}
