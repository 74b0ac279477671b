// Package docker has no code: it tests the files for Docker.
package docker

import (
	"bytes"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"edged/internal/config"
)

func readCompose(t *testing.T, text []byte) any {
	t.Helper()
	converted, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(converted))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("compose-spec.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// compose-spec.json is the Compose Specification's own schema (compose-spec.LICENSE).
func TestTheComposeFileFollowsItsSchema(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema(t).Validate(readCompose(t, text)); err != nil {
		t.Error(err)
	}
	wrong := bytes.Replace(text, []byte("restart: unless-stopped"), []byte("restrat: unless-stopped"), 1)
	if err := schema(t).Validate(readCompose(t, wrong)); err == nil {
		t.Error("a misspelt key passes")
	}
}

func TestTheComposeFilesVariablesExist(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct{ Environment map[string]string }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	variables := file.Services["edged"].Environment
	if len(variables) == 0 {
		t.Fatal("no variables")
	}
	for name, value := range variables {
		if config.Variables()[name] == "" {
			t.Errorf("edged knows no variable %s", name)
		}
		t.Setenv(name, value)
	}
	if _, err := config.LoadPublic(os.DevNull); err != nil {
		t.Error(err)
	}
}
