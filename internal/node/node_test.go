package node

import (
	"os"
	"testing"

	"edged/infer/trial"
	"edged/internal/config"
	"edged/models"
)

// The test binary is the child process of the built-in broker and of the trial of a model.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case trial.Command:
			os.Exit(trial.Child(os.Stdin, os.Stdout))
		case "broker":
			serveBroker()
		}
	}
	os.Exit(m.Run())
}

// newNode returns a node of the starter model with that configuration. Nothing of it runs.
func newNode(t *testing.T, yaml string) *Node {
	t.Helper()
	cfg, err := config.Parse("edged.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.Starter()
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(Inputs{Config: cfg, Model: m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}
