package node

import (
	"log/slog"

	"edged/publish"
	"edged/teach"
)

// newTeacher returns a teacher that knows no view yet.
func newTeacher() *teach.Teacher {
	return teach.NewTeacher(teach.Options{
		Log:       slog.Default(),
		CheckName: func(name string) error { return publish.CheckLabels([]string{name}) },
	})
}
