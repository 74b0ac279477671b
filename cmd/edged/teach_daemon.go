package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"edged/teach"
)

// teachFlags are those of every command that talks to the running edged about what it was taught.
type teachFlags struct {
	daemonFlags
	View string `placeholder:"VIEW" help:"CAMERA or CAMERA/VIEW; not needed if edged has a single view."`
}

// taught is the API's answer to GET /teach.
type taught struct {
	Views    []teach.ViewInfo `json:"views"`
	Degraded string           `json:"degraded"`
}

// ask returns what asks the daemon, and what the daemon was taught.
func (t *teachFlags) ask(ctx context.Context) (*asker, *taught, error) {
	daemon, err := t.asker("teach")
	if err != nil {
		return nil, nil, err
	}
	var all taught
	if err := daemon.call(ctx, http.MethodGet, "/teach", nil, &all); err != nil {
		return nil, nil, fmt.Errorf("teach: %w", err)
	}
	return daemon, &all, nil
}

// view asks the daemon and returns the view that the command is about.
func (t *teachFlags) view(ctx context.Context) (*asker, *teach.ViewInfo, error) {
	daemon, all, err := t.ask(ctx)
	if err != nil {
		return nil, nil, err
	}
	paths := make([]string, 0, len(all.Views))
	for i, v := range all.Views {
		if v.View == t.View || t.View == "" && len(all.Views) == 1 {
			return daemon, &all.Views[i], nil
		}
		paths = append(paths, v.View)
	}
	if t.View == "" {
		return nil, nil, fmt.Errorf("teach: say which view by --view: %s", strings.Join(paths, ", "))
	}
	return nil, nil, fmt.Errorf("teach: no view %q; edged has %s", t.View, strings.Join(paths, ", "))
}

// query are the parameters of a call about one action.
func query(view, name string) string {
	return "?" + url.Values{"view": {view}, "name": {name}}.Encode()
}

type teachListCmd struct {
	teachFlags
	JSON bool `help:"Print JSON."`
}

// Run lists the actions.
func (t *teachListCmd) Run(ctx context.Context, out output) error {
	_, all, err := t.ask(ctx)
	if err != nil {
		return err
	}
	if t.View != "" {
		if all.Views = slices.DeleteFunc(all.Views, func(v teach.ViewInfo) bool { return v.View != t.View }); len(all.Views) == 0 {
			return fmt.Errorf("teach: no view %q", t.View)
		}
	}
	if t.JSON {
		return json.NewEncoder(out).Encode(all)
	}
	return printTaught(out, all)
}

func printTaught(out output, all *taught) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VIEW\tACTION\tSTATE\tEXAMPLES\tFOUND\tWOULD HAVE FIRED")
	for _, v := range all.Views {
		switch {
		case !v.CanTeach:
			fmt.Fprintf(w, "%s\t-\t%s\n", v.View, v.WhyNot)
		case len(v.Actions) == 0:
			fmt.Fprintf(w, "%s\t-\tnothing taught yet\n", v.View)
		}
		for _, a := range v.Actions {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d in %.1f h\n", v.View, a.Name, a.State, a.Examples, foundOf(a.Worth), a.Worth.WouldFire, a.Worth.Hours)
		}
	}
	if all.Degraded != "" {
		fmt.Fprintf(w, "A restart will lose what is taught now: %s\n", all.Degraded)
	}
	return w.Flush()
}

func foundOf(w teach.Worth) string {
	if w.Of == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", w.Found, w.Of)
}

type teachShowCmd struct {
	teachFlags
	Name string `arg:"" help:"Name of the action."`
	JSON bool   `help:"Print JSON."`
}

// Run shows one action.
func (t *teachShowCmd) Run(ctx context.Context, out output) error {
	daemon, view, action, err := t.action(ctx, t.Name)
	if err != nil {
		return err
	}
	var have struct {
		Examples []teach.ExampleInfo `json:"examples"`
	}
	if err := daemon.call(ctx, http.MethodGet, "/teach/examples"+query(view.View, t.Name), nil, &have); err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	if t.JSON {
		return json.NewEncoder(out).Encode(struct {
			*teach.Action
			List []teach.ExampleInfo `json:"example_list"`
		}{action, have.Examples})
	}
	return printAction(out, action, have.Examples)
}

// action returns the daemon, the view, and its action of that name.
func (t *teachFlags) action(ctx context.Context, name string) (*asker, *teach.ViewInfo, *teach.Action, error) {
	daemon, view, err := t.view(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	action, err := actionOf(view, name)
	return daemon, view, action, err
}

func actionOf(view *teach.ViewInfo, name string) (*teach.Action, error) {
	names := make([]string, 0, len(view.Actions))
	for i, a := range view.Actions {
		if a.Name == name {
			return &view.Actions[i], nil
		}
		names = append(names, a.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("teach: nothing was taught at the view %s yet", view.View)
	}
	return nil, fmt.Errorf("teach: the view %s has no taught action %q; it has %s", view.View, name, strings.Join(names, ", "))
}

func printAction(out output, a *teach.Action, examples []teach.ExampleInfo) error {
	fmt.Fprintf(out, "%s at %s: %s\n", a.Name, a.View, a.State)
	for _, sentence := range []string{a.Worth.Text, a.Worth.Advice, a.Problem} {
		if sentence != "" {
			fmt.Fprintln(out, sentence)
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EXAMPLE\tTIME\tPICTURES\tFOUND WHEN LEFT OUT")
	for _, e := range examples {
		found := map[bool]string{true: "yes", false: "no"}[e.Found]
		switch {
		case e.Foreign:
			found = "belongs to another model"
		case !e.Tried:
			found = "not tried"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", e.ID, e.Time.Local().Format(time.DateTime), e.Pictures, found)
	}
	return w.Flush()
}

type teachAddCmd struct {
	teachFlags
	Name  string    `arg:"" help:"Name of the action; edged creates it if it is new."`
	From  time.Time `placeholder:"TIME" help:"When the action began, like 2026-11-22T21:33:05Z; without it, edged looks for it in the last seconds."`
	Until time.Time `placeholder:"TIME" help:"When it ended; without it, at --from."`
}

// Validate is called by kong.
func (t *teachAddCmd) Validate() error {
	if !t.Until.IsZero() && (t.From.IsZero() || t.Until.Before(t.From)) {
		return errors.New("--until needs --from, and must not be before it")
	}
	return nil
}

// Run adds an example.
func (t *teachAddCmd) Run(ctx context.Context, out output) error {
	daemon, view, err := t.view(ctx)
	if err != nil {
		return err
	}
	about := map[string]any{"view": view.View, "name": t.Name}
	if !slices.ContainsFunc(view.Actions, func(a teach.Action) bool { return a.Name == t.Name }) {
		if err := daemon.call(ctx, http.MethodPost, "/teach/actions", about, nil); err != nil {
			return fmt.Errorf("teach: %w", err)
		}
		fmt.Fprintf(out, "%s is new at %s.\n", t.Name, view.View)
	}
	if !t.From.IsZero() {
		until := t.Until
		if until.IsZero() {
			until = t.From
		}
		about["from"], about["until"] = t.From.UnixMilli(), until.UnixMilli()
	}
	var example teach.ExampleInfo
	if err := daemon.call(ctx, http.MethodPost, "/teach/examples", about, &example); err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	_, err = fmt.Fprintf(out, "Example %s of %s is saved: what happened at %s.\n", example.ID, t.Name, example.Time.Local().Format(time.DateTime))
	return err
}

type teachForgetCmd struct {
	teachFlags
	Name string `arg:"" help:"Name of the action."`
}

// Run deletes an action.
func (t *teachForgetCmd) Run(ctx context.Context, out output) error {
	daemon, view, action, err := t.action(ctx, t.Name)
	if err != nil {
		return err
	}
	if err := daemon.call(ctx, http.MethodDelete, "/teach/actions"+query(view.View, t.Name), nil, nil); err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s is forgotten, with %d examples and their pictures.\n", t.Name, action.Examples)
	return err
}
