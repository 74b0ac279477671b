package homeassistant

import (
	"image/png"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const folder = "../../packaging/home-assistant/edged/"

// description is the app's config.yaml: the keys that this app uses of those that the Supervisor documents. An unknown key fails the test.
// https://developers.home-assistant.io/docs/add-ons/configuration
type description struct {
	Name, Version, Slug, Description string
	Arch                             []string
	Startup, Boot                    string
	Timeout                          int // seconds, from SIGTERM to SIGKILL; 10 by default
	Init                             *bool
	Services                         []string
	Video                            bool
	Ingress                          bool
	IngressPort                      int    `yaml:"ingress_port"`
	IngressStream                    bool   `yaml:"ingress_stream"`
	PanelIcon                        string `yaml:"panel_icon"`
	PanelTitle                       string `yaml:"panel_title"`
	Map                              []struct {
		Type     string
		ReadOnly bool `yaml:"read_only"`
		Path     string
	}
	BackupExclude []string `yaml:"backup_exclude"`
	Options       map[string]any
	Schema        map[string]string
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(folder + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestTheSupervisorAcceptsTheApp(t *testing.T) {
	var d description
	readYAML(t, "config.yaml", &d)
	for what, ok := range map[string]bool{
		"name, version, slug and description": d.Name != "" && d.Version != "" && d.Description != "" && regexp.MustCompile(`^[-_.A-Za-z0-9]+$`).MatchString(d.Slug),
		"arch":                                len(d.Arch) > 0 && !slices.ContainsFunc(d.Arch, func(a string) bool { return a != "aarch64" && a != "amd64" }),
		"startup":                             slices.Contains([]string{"initialize", "system", "services", "application", "once"}, d.Startup),
		"boot":                                slices.Contains([]string{"auto", "manual", "manual_only"}, d.Boot),
		"time to end in, for the daemon":      d.Timeout > 12,
		"edged is the first process":          d.Init != nil && !*d.Init,
		"the broker":                          slices.Equal(d.Services, []string{"mqtt:need"}),
		"the cameras":                         d.Video,
		"the page":                            d.Ingress && strings.HasSuffix(pageAddress, ":8099") && d.IngressPort == 8099 && d.IngressStream,
		"the panel's icon":                    regexp.MustCompile(`^mdi:[a-z0-9-]+$`).MatchString(d.PanelIcon) && d.PanelTitle != "",
		"the folder of edged.yaml":            len(d.Map) == 1 && d.Map[0].Type == "addon_config" && d.Map[0].ReadOnly && d.Map[0].Path+"/edged.yaml" == Default("").Own,
		"backups without clips":               slices.Equal(d.BackupExclude, []string{"edged/clips"}) && Default("").State == "/data/edged",
	} {
		if !ok {
			t.Errorf("config.yaml: %s: %+v", what, d)
		}
	}
	testOptions(t, &d)
}

// element is what the Supervisor accepts as the type of an option, as far as this app uses it.
var element = regexp.MustCompile(`^(str|bool|list\([a-z_-]+(\|[a-z_-]+)*\))\??$`)

// testOptions checks that the program, the schema, the defaults and the translations know the same options.
func testOptions(t *testing.T, d *description) {
	t.Helper()
	var known []string
	for field := range reflect.TypeFor[options]().Fields() {
		known = append(known, field.Tag.Get("json"))
	}
	for _, key := range known {
		kind, ok := d.Schema[key]
		if !ok || !element.MatchString(kind) {
			t.Errorf("schema: %s: %q", key, kind)
		}
		value, ok := d.Options[key]
		choices := strings.Split(strings.TrimSuffix(strings.TrimPrefix(kind, "list("), ")"), "|")
		if text, is := value.(string); !ok || strings.HasPrefix(kind, "list(") && (!is || !slices.Contains(choices, text)) {
			t.Errorf("options: %s: %v is none of %v", key, value, choices)
		}
	}
	if len(d.Schema) != len(known) || len(d.Options) != len(known) {
		t.Errorf("%v; the program knows %v", d.Schema, known)
	}
	for _, language := range []string{"en", "de"} {
		var words struct {
			Configuration map[string]struct{ Name, Description string }
		}
		readYAML(t, "translations/"+language+".yaml", &words)
		for _, key := range known {
			if w := words.Configuration[key]; w.Name == "" || w.Description == "" {
				t.Errorf("translations/%s.yaml: nothing for %s", language, key)
			}
		}
		if len(words.Configuration) != len(known) {
			t.Errorf("translations/%s.yaml: %d options, want %d", language, len(words.Configuration), len(known))
		}
	}
}

func TestThePicturesHaveTheirSizes(t *testing.T) {
	for name, square := range map[string]bool{"icon.png": true, "logo.png": false} {
		f, err := os.Open(folder + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c, err := png.DecodeConfig(f)
		if err != nil || c.Height < 100 || (c.Width == c.Height) != square {
			t.Errorf("%s: %dx%d, %v", name, c.Width, c.Height, err)
		}
	}
}
