package self

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "environment" {
		os.Stdout.WriteString(strings.Join(os.Environ(), "\x00"))
		return
	}
	os.Exit(m.Run())
}

func TestAChildGetsNoneOfOurSecrets(t *testing.T) {
	for _, name := range []string{"EDGED_MQTT_PASSWORD", "EDGED_MQTT_USERNAME", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "SUPERVISOR_TOKEN", "HASSIO_TOKEN"} {
		t.Setenv(name, "s3cret")
	}
	t.Setenv("EDGED_TEST", "kept")
	var said strings.Builder
	cmd := Command(t.Context(), "environment")
	cmd.Stdout = &said
	wait, err := Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(said.String(), "\x00")
	if strings.Contains(said.String(), "s3cret") || !slices.Contains(got, "EDGED_TEST=kept") || len(got) != len(os.Environ())-6 {
		t.Errorf("the child has %d variables of %d, the secret: %t", len(got), len(os.Environ()), strings.Contains(said.String(), "s3cret"))
	}
}
