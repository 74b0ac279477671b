package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"edged/internal/bounds"
	"edged/internal/node"
	"edged/internal/teachtry"
)

type teachCmd struct {
	List   teachListCmd   `cmd:"" help:"List what the running edged was taught."`
	Show   teachShowCmd   `cmd:"" help:"Show a taught action with its examples, and how good it is."`
	Add    teachAddCmd    `cmd:"" help:"Say that an action happened just now, or when it happened. A new name makes a new action."`
	Forget teachForgetCmd `cmd:"" help:"Delete a taught action with its examples and pictures."`
	Export teachExportCmd `cmd:"" help:"Save a taught action with its examples in a file."`
	Import teachImportCmd `cmd:"" help:"Add the action in a file that export has saved, as a shadow."`
	Try    teachTryCmd    `cmd:"" help:"Learn actions from video files and try them on others."`
}

type teachTryCmd struct {
	Model string `type:"model" help:"Model file with an embedding; without one, people."`
	engineFlags
	Action   map[string]string `required:"" placeholder:"NAME=DIR" help:"An action and the folder of its examples: each file in it shows the action once."`
	Ordinary []string          `required:"" placeholder:"PATH" help:"Files, or folders of files, in which none of the actions happens."`
	Test     []string          `required:"" placeholder:"PATH" help:"Files to try it on. A file in a folder that is named like an action shows that action once; all others show none."`
	Follow   bool              `help:"Judge each moving target by itself."`
	Alarms   int               `default:"0" help:"How many false alarms in the files of ordinary life the threshold may allow."`
	JSON     bool              `help:"Print JSON."`
}

// Validate is called by kong.
func (t *teachTryCmd) Validate() error {
	for name := range t.Action {
		if err := bounds.CheckName(name); err != nil {
			return fmt.Errorf("--action %q: %w", name, err)
		}
	}
	if t.Alarms < 0 || t.Alarms > 1000 {
		return fmt.Errorf("--alarms %d: must be 0 to 1000", t.Alarms)
	}
	return t.engineFlags.Validate()
}

// Run teaches and tries.
func (t *teachTryCmd) Run(ctx context.Context, out output) error {
	model, err := node.OpenModel(t.Model)
	if err != nil {
		return err
	}
	result, err := teachtry.Try(ctx, teachtry.Inputs{
		Model: model, Engine: t.options(), Follow: t.Follow, Actions: t.Action, Ordinary: t.Ordinary, Test: t.Test, Alarms: t.Alarms,
	})
	if err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	if t.JSON {
		return json.NewEncoder(out).Encode(result)
	}
	return printTry(out, result)
}

func printTry(out output, r *teachtry.Result) error {
	for _, a := range r.Actions {
		fmt.Fprintf(out, "%s: %d examples; %d of them found when left out; threshold %.2f; learned in %.0f ms\n", a.Name, a.Examples, a.Found, a.Threshold, a.FitMS)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range r.Files {
		shows := f.Shows
		if shows == "" {
			shows = "-"
		}
		if len(f.Firings) == 0 {
			fmt.Fprintf(w, "%s\tshows %s\tnothing fired\n", f.Path, shows)
		}
		for _, fired := range f.Firings {
			fmt.Fprintf(w, "%s\tshows %s\t%s from %.1f s to %.1f s, score %.2f\n", f.Path, shows, fired.Action, fired.Start, fired.End, fired.Score)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "hits %d, missed %d, false alarms %d in %.2f hours\n", r.Hits, r.Missed, r.FalseAlarms, r.Hours)
	return err
}
