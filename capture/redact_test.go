package capture

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"ffmpeg -i rtsp://user:s3cret@cam/1 -":             "ffmpeg -i rtsp://***@cam/1 -",
		"rtsp://user:s3@cret@cam/1":                        "rtsp://***@cam/1",
		"curl 'http://cam/x?user=a&PWD=s3cret&size=1'":     "curl 'http://cam/x?user=***&PWD=***&size=1'",
		"rtsp://cam/user=admin_password=s3cret_channel=1:": "rtsp://cam/user=***",
		"wget: --password=s3cret: no such option":          "wget: --password=*** no such option",
		"> Authorization: Basic YWRtaW46czNjcmV0":          "> Authorization: ***",
		"http://cam/mail@home and a@b":                     "http://cam/mail@home and a@b",
		"rtsp://cam/stream?size=2":                         "rtsp://cam/stream?size=2",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s gives %s, want %s", text, got, want)
		}
	}
}

func TestOfACommandTheProgramAloneIsShown(t *testing.T) {
	for source, want := range map[string]string{
		"command:curl -u admin:s3cret http://cam":                   "command:curl",
		"command: /usr/bin/rtspsrc user-pw=s3cret ! x":              "command:rtspsrc",
		"command:wget\t--password=s3cret":                           "command:wget",
		"command:PASS=s3cret X= ffmpeg -i -":                        "command:ffmpeg",
		"command:PASS='s3 cret' ffmpeg -i -":                        "command:***",
		"command:PASS=$(echo s3cret) ffmpeg":                        "command:***",
		`command:PASS=a\ s3cret ffmpeg`:                             "command:***",
		"command:PASS=s3cret":                                       "command:***",
		"command:\"/opt/s3cret/my program\" x":                      "command:***",
		"command:cat<s3cret":                                        "command:***",
		"command:(cat s3cret)":                                      "command:***",
		"command:rpicam-vid":                                        "command:rpicam-vid",
		"command:rtsp://me:s3cret@cam/1":                            "command:***",
		"command:ffmpeg -i rtsp://c/user=admin_password=s3cret_x=1": "command:ffmpeg",
		"v4l2:/dev/video0":                                          "v4l2:/dev/video0",
		"file:/media/a b.avi":                                       "file:/media/a b.avi",
	} {
		if got := ShownSource(source); got != want {
			t.Errorf("%s is shown as %s, want %s", source, got, want)
		}
	}
	if got := (&Command{Line: "curl -u admin:s3cret http://cam"}).String(); got != "command:curl" {
		t.Errorf("a Command is shown as %s", got)
	}
}

func TestAMisspeltCommandIsNotRepeated(t *testing.T) {
	for _, source := range []string{
		"comand:curl -u admin:s3cret http://cam", "curl --password s3cret cam", "PASS=s3cret ffmpeg -i -",
		"rtmp://cam/user=admin_password=s3cret",
	} {
		if _, err := ParseSpec(source); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// What a program repeats of its command line in its last words.
func TestLastWordsHoldNoPasswordOfTheCommand(t *testing.T) {
	for line, words := range map[string]string{
		"curl -u admin:s3cret http://cam":          "curl: Basic admin:s3cret refused; s3cret",
		"curl -uadmin:s3cret http://cam":           "s3cret is wrong",
		"wget --password=s3cret http://cam":        "wget: s3cret is wrong",
		"sshpass -p 's3cret' ssh cam":              "sshpass: s3cret is wrong",
		"vlc --rtsp-pwd s3cret rtsp://cam":         "vlc: s3cret is wrong",
		"gst rtspsrc user-id=a user-pw=\"s3cret\"": "rtspsrc: a, s3cret",
		"ffmpeg -i rtsp://me:s3cret@cam/1":         "401 for me with s3cret",
		"PASS=s3cret; ffmpeg":                      "sh: s3cret: not found",
	} {
		got := redactFor(line, words+": no video")
		if strings.Contains(got, "s3cret") || !strings.Contains(got, "no video") {
			t.Errorf("%s: %s", line, got)
		}
	}
	line := "ffmpeg -f v4l2 -video_size 640x480 -i /dev/video2 -vf fps=15"
	if words := "640x480 at 15 from /dev/video2: no device"; redactFor(line, words) != words {
		t.Errorf("%s", redactFor(line, words))
	}
}

func TestACommandGetsNoneOfOurSecrets(t *testing.T) {
	t.Setenv("EDGED_MQTT_PASSWORD", "s3cret")
	_, err := watchCommand(t, &Command{Line: "env | grep s3cret >&2"}, 1)
	if err == nil || strings.Contains(err.Error(), "=") {
		t.Errorf("it has %v", err)
	}
}
