package capture

import "testing"

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"ffmpeg -i rtsp://user:s3cret@cam/1 -":         "ffmpeg -i rtsp://***@cam/1 -",
		"rtsp://user:s3@cret@cam/1":                    "rtsp://***@cam/1",
		"curl 'http://cam/x?user=a&PWD=s3cret&size=1'": "curl 'http://cam/x?user=***&PWD=***&size=1'",
		"http://cam/mail@home and a@b":                 "http://cam/mail@home and a@b",
		"rtsp://cam/stream?size=2":                     "rtsp://cam/stream?size=2",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s gives %s, want %s", text, got, want)
		}
	}
}
