package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"edged/internal/plainfile"
	"edged/internal/plaintext"
)

// Credential is systemd's name for the broker's password (systemd.exec(5), LoadCredential=).
const Credential = "edged-mqtt-password"

// Variables of the environment that hold a value of their own.
const (
	usernameVariable = "EDGED_MQTT_USERNAME"
	passwordVariable = "EDGED_MQTT_PASSWORD" //nolint:gosec // a name
)

// secrets reads the values that have several sources. The first source that has a value wins: a variable of the environment, the
// configuration file, systemd. An empty variable is no value.
func (d *decoder) secrets(c *Config) {
	if name, ok := d.variable("mqtt.username", usernameVariable); ok {
		c.MQTT.Username = name
	}
	password, ok := d.variable("mqtt.password_file", passwordVariable)
	if !ok && c.MQTT.PasswordFile != "" {
		password, ok = d.passwordFile(c.MQTT.PasswordFile), true
	}
	if !ok {
		password, ok = d.credential()
	}
	if ok {
		c.MQTT.password = &password
	}
}

// variable returns the value of a variable of the environment, or false where it has none.
func (d *decoder) variable(key, name string) (string, bool) {
	value, err := plaintext.Value([]byte(os.Getenv(name)))
	if errors.Is(err, plaintext.ErrEmpty) {
		return "", false
	}
	if err != nil {
		d.problem(key, "the environment's %s: %v", name, err)
	}
	return value, true
}

// passwordFile returns the password in the file. No error repeats the file's name, which may be the password itself.
func (d *decoder) passwordFile(file string) string {
	text, err := plainfile.ReadText(file, maxFile)
	if errors.Is(err, fs.ErrPermission) {
		d.problem("mqtt.password_file", "not readable by this user; chown it to the user that runs edged")
		return ""
	}
	if err != nil {
		d.problem("mqtt.password_file", "must be the path of a file that holds the password: %v", err)
		return ""
	}
	password, err := plaintext.Value(text)
	if err != nil {
		d.problem("mqtt.password_file", "what is wrong with the file: %v", err)
	}
	return password
}

// credential returns the password that systemd passes on, or false where it passes none.
func (d *decoder) credential() (string, bool) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", false
	}
	text, err := plainfile.ReadText(filepath.Join(dir, Credential), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	var password string
	if err == nil {
		password, err = plaintext.Value(text)
	}
	if err != nil {
		d.problem("mqtt.password_file", "systemd's credential %s: %v", Credential, err)
	}
	return password, true
}
